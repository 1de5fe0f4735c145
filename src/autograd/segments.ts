import type { Gpu } from '../gpu/gpu.ts';
import type { MemoryCategory } from '../gpu/memory.ts';
import type { Transfers } from '../gpu/paged-memory.ts';
import { Scope } from '../gpu/scope.ts';
import { type HostTensor, hostTensor } from '../tensor/host.ts';
import type { Shape } from '../tensor/shape.ts';
import { placed, type Tensor } from '../tensor/tensor.ts';

/**
 * A flat f32 tensor in pieces that can each be bound, one behind the other; on the host it is whole.
 * It owns the pieces.
 */
export class Segments implements Disposable {
  readonly pieces: readonly Tensor[];
  /** Where each piece begins, in floats. */
  readonly #starts: readonly number[];
  readonly #owned: Scope;

  /** Uploads values that are cut into pieces of these lengths; with `transfers` they stay on the host. */
  constructor(gpu: Gpu, lengths: readonly number[], values: Float32Array, transfers?: Transfers) {
    using owned = new Scope();
    let end = 0;
    this.#starts = lengths.map((length) => {
      end += length;
      return end - length;
    });
    this.pieces = lengths.map((length, i) =>
      owned.add(placed(gpu, this.#cut(values, i, length), transfers)),
    );
    this.#owned = owned.move();
  }

  /** Counts its memory as what it is for. */
  countAs(category: MemoryCategory): this {
    for (const piece of this.pieces) piece.countAs(category);
    return this;
  }

  /** A part from byte `offset` on, which lies in one piece. */
  view(shape: Shape, { offset = 0 }: { readonly offset?: number } = {}): Tensor {
    const i = this.#starts.findLastIndex((start) => 4 * start <= offset);
    return (this.pieces[i] as Tensor).view(shape, {
      offset: offset - 4 * (this.#starts[i] as number),
    });
  }

  /** Overwrites it with another that is cut alike. */
  copyFrom(source: Segments): void {
    for (const [i, piece] of this.pieces.entries()) piece.copyFrom(source.pieces[i] as Tensor);
  }

  /** The shape of what is read and written: [length]. */
  get shape(): Shape {
    return [(this.#starts.at(-1) as number) + (this.pieces.at(-1) as Tensor).size];
  }

  /** Overwrites it from the host; the shape is the caller's business. */
  write({ data }: HostTensor): void {
    for (const [i, piece] of this.pieces.entries())
      piece.write(this.#cut(data as Float32Array, i, piece.size));
  }

  /** Waits for the queue and copies all of it to the host. */
  async read(): Promise<HostTensor> {
    const parts = await Promise.all(this.pieces.map((piece) => piece.read()));
    const whole = new Float32Array(this.shape[0] as number);
    for (const [i, { data }] of parts.entries()) whole.set(data, this.#starts[i]);
    return hostTensor('f32', this.shape, whole);
  }

  #cut(values: Float32Array, i: number, length: number): HostTensor {
    const start = this.#starts[i] as number;
    return hostTensor('f32', [length], values.subarray(start, start + length));
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}
