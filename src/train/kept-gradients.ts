import type { FlatLayout } from '../autograd/flat-parameters.ts';
import { Segments } from '../autograd/segments.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { HostTensor } from '../tensor/host.ts';
import { Tensor, type Tensors } from '../tensor/tensor.ts';

/** The gradients of a step, in the layout of the parameters. */
export interface StepGradients {
  /** As backward gave them: under loss scaling those of the scaled loss. */
  readonly given: HostTensor;
  /** As the optimizer took them: unscaled and clipped. */
  readonly taken: HostTensor;
  /** Their norm before they were clipped, f32 [1]; 0 where nothing is clipped. */
  readonly norm: HostTensor;
}

/**
 * What the stages of an update overwrite or drop, copied on the device so that it can be read once
 * the step is over, replayed steps included.
 */
export class KeptGradients implements Disposable {
  readonly #given: Segments;
  readonly #norm: Tensor;

  constructor(gpu: Gpu, { segments, length }: Pick<FlatLayout, 'segments' | 'length'>) {
    this.#given = new Segments(gpu, segments, new Float32Array(length)).countAs('gradients');
    this.#norm = Tensor.zeros(gpu, [1]);
  }

  /** Records that the update begins with these gradients. */
  begin(grad: Segments): void {
    this.#given.copyFrom(grad);
  }

  /** Records what a stage gave. */
  see({ norm }: Tensors): void {
    if (norm) this.#norm.copyFrom(norm);
  }

  /** Reads what was kept of the last step; `taken` is what its update took. */
  async read(taken: Segments): Promise<StepGradients> {
    return {
      given: await this.#given.read(),
      taken: await taken.read(),
      norm: await this.#norm.read(),
    };
  }

  [Symbol.dispose](): void {
    this.#given[Symbol.dispose]();
    this.#norm[Symbol.dispose]();
  }
}
