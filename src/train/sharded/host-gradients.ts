import type { GatherTarget } from '../../autograd/flat-parameters.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/**
 * The gradients of one step on the host, in the layout of the parameters: each is read as it comes,
 * so that the device keeps none, and those of several micro-batches are added in their order.
 */
export class HostGradients implements GatherTarget {
  readonly #values: Float32Array;
  readonly #reads: Promise<{ readonly start: number; readonly data: ArrayLike<number> }>[] = [];

  /** For so many numbers. */
  constructor(length: number) {
    this.#values = new Float32Array(length);
  }

  view(_shape: Shape, { offset }: { readonly offset: number }): Pick<Tensor, 'copyFrom'> {
    return {
      copyFrom: (gradient) => {
        const read = gradient.read().then(({ data }) => ({ start: offset / 4, data }));
        // What is wrong with it is thrown where it is waited for.
        read.catch(() => {});
        this.#reads.push(read);
      },
    };
  }

  /** Waits for what came, and returns the sums. */
  async values(): Promise<Float32Array> {
    const values = this.#values;
    for (const { start, data } of await Promise.all(this.#reads.splice(0)))
      for (let i = 0; i < data.length; i++)
        values[start + i] = (values[start + i] as number) + (data[i] as number);
    return values;
  }
}
