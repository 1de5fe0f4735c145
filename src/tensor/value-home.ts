import type { Gpu } from '../gpu/gpu.ts';
import type { Transfers } from '../gpu/paged-memory.ts';
import { type HostTensor, hostTensor } from './host.ts';
import { Tensor } from './tensor.ts';

/** Where values lie that are on the device only while they are held. */
export interface ValueHome {
  /** A tensor of these elements, which the caller owns. */
  place(gpu: Gpu, host: HostTensor): Tensor;
  /** Tensors of f32 numbers that follow each other, of these lengths; the caller owns them. */
  placeFlat(gpu: Gpu, values: Float32Array, lengths: readonly number[]): readonly Tensor[];
  /** Waits until all that was placed can be held. */
  settle(): Promise<void>;
}

/** The memory of the host. */
export class HostHome implements ValueHome {
  readonly #transfers: Transfers;

  /** Counts what goes between host and device. */
  constructor(transfers: Transfers) {
    this.#transfers = transfers;
  }

  place(gpu: Gpu, host: HostTensor): Tensor {
    return Tensor.onHost(gpu, host, this.#transfers);
  }

  placeFlat(gpu: Gpu, values: Float32Array, lengths: readonly number[]): readonly Tensor[] {
    return cutFlat(values, lengths).map((part) => this.place(gpu, part));
  }

  async settle(): Promise<void> {}
}

/** A host tensor there or, where no home is given, on the device. */
export const placed = (gpu: Gpu, host: HostTensor, home?: ValueHome): Tensor =>
  home ? home.place(gpu, host) : Tensor.from(gpu, host);

/** Numbers that follow each other, in parts of these lengths. */
export function cutFlat(values: Float32Array, lengths: readonly number[]): readonly HostTensor[] {
  let end = 0;
  return lengths.map((length) => {
    end += length;
    return hostTensor('f32', [length], values.subarray(end - length, end));
  });
}
