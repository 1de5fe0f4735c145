import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { bytesPerElement } from '../../tensor/dtype.ts';
import type { HostTensor } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { ValueHome } from '../../tensor/value-home.ts';
import type { ProcessGroup } from './process-group.ts';
import { UNIT } from './rank.ts';
import { ShardedVector, wordsOf } from './sharded-vector.ts';
import { NO_SHARED_MEMORY } from './why-not-shared.ts';

/**
 * Values in parts, one at each rank, as FSDP's full_shard has them: all of one are on a rank's device
 * only while they are held. All ranks must place the same values in the same order. It owns the parts.
 */
export class ShardHome implements ValueHome, Disposable {
  readonly #group: ProcessGroup;
  readonly #vectors: ShardedVector[] = [];

  /** Throws GradproofError `not-implemented` where ranks share no memory. */
  constructor(group: ProcessGroup) {
    if (group.transport !== 'shared-memory')
      throw new GradproofError('not-implemented', NO_SHARED_MEMORY);
    this.#group = group;
  }

  place(gpu: Gpu, host: HostTensor): Tensor {
    const vector = this.#add(gpu, wordsOf(host.data), 1);
    return Tensor.heldIn(gpu, host, vector.window(gpu, 0, host.data.byteLength));
  }

  /** Parts end where kernels can bind them: a rank steps its own. */
  placeFlat(gpu: Gpu, values: Float32Array, lengths: readonly number[]): readonly Tensor[] {
    const vector = this.#add(gpu, values, UNIT);
    let end = 0;
    return lengths.map((length) => {
      const start = end;
      end += length;
      const bytes = length * bytesPerElement('f32');
      return Tensor.heldIn(
        gpu,
        { dtype: 'f32', shape: [length] },
        vector.window(gpu, start, bytes),
      );
    });
  }

  /** Waits for all ranks, and lets them read what was placed or written since. */
  async settle(): Promise<void> {
    for (const vector of this.#vectors) await vector.share(this.#group);
    await this.#group.barrier();
  }

  #add(gpu: Gpu, values: Float32Array, unit: number): ShardedVector {
    const vector = new ShardedVector(gpu, values, this.#group, unit);
    this.#vectors.push(vector);
    return vector;
  }

  [Symbol.dispose](): void {
    for (const vector of this.#vectors) vector[Symbol.dispose]();
  }
}
