import type { Gpu } from '../gpu/gpu.ts';
import type { MemoryCategory } from '../gpu/memory.ts';
import { Scope } from '../gpu/scope.ts';
import { type HostTensor, hostTensor } from '../tensor/host.ts';
import type { Shape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { cutFlat, type ValueHome } from '../tensor/value-home.ts';

/**
 * A flat f32 tensor in pieces that can each be bound, one behind the other; on the host it is whole.
 * It owns the pieces.
 */
export class Segments implements Disposable {
  readonly pieces: readonly Tensor[];
  /** Where each piece begins, in floats. */
  readonly #starts: readonly number[];
  readonly #owned: Scope;

  /** Uploads values that are cut into pieces of these lengths, or places them in a home. */
  constructor(gpu: Gpu, lengths: readonly number[], values: Float32Array, home?: ValueHome) {
    using owned = new Scope();
    let end = 0;
    this.#starts = lengths.map((length) => {
      end += length;
      return end - length;
    });
    this.pieces =
      home?.placeFlat(gpu, values, lengths).map((piece) => owned.add(piece)) ??
      cutFlat(values, lengths).map((part) => owned.add(Tensor.from(gpu, part)));
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
    const lengths = this.pieces.map(({ size }) => size);
    for (const [i, part] of cutFlat(data as Float32Array, lengths).entries())
      (this.pieces[i] as Tensor).write(part);
  }

  /** Waits for the queue and copies all of it to the host. */
  async read(): Promise<HostTensor> {
    const parts = await Promise.all(this.pieces.map((piece) => piece.read()));
    const whole = new Float32Array(this.shape[0] as number);
    for (const [i, { data }] of parts.entries()) whole.set(data, this.#starts[i]);
    return hostTensor('f32', this.shape, whole);
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}
