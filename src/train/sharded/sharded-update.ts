import type { FlatParameters, Gathering } from '../../autograd/flat-parameters.ts';
import type { Segments } from '../../autograd/segments.ts';
import { GradproofError, invariant } from '../../errors.ts';
import { clipGradNorm } from '../../ops/optim/clip_grad_norm.ts';
import { type HostTensor, hostTensor } from '../../tensor/host.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { completed } from '../../vocabulary/signature.ts';
import { gatherNumbers } from './gather-numbers.ts';
import { HostGradients } from './host-gradients.ts';
import { joined } from './joined.ts';
import type { ProcessGroup } from './process-group.ts';
import { type Part, partOf, UNIT } from './rank.ts';
import { type ShardedVector, ShardedWindow } from './sharded-vector.ts';
import type { ShardingStrategy } from './strategies.ts';

/** Ranks that train one model together. */
export interface Sharding {
  readonly group: ProcessGroup;
  /**
   * `ddp`: all is whole at each rank; `shard_grad_op`: gradients and state are in parts; `full_shard`:
   * parameters too, which have their home in a {@link ShardHome}.
   */
  readonly strategy: ShardingStrategy;
}

/**
 * What of an update other ranks have part in. Gradients leave the device as backward gives them, and
 * are summed over the ranks on the host, in the order of the ranks; with `shard_grad_op` a rank gets
 * and keeps its part of them alone, steps the same part of the parameters, and the ranks gather the
 * parameters from the parts; with `full_shard` the same, but for parameters that are gathered when
 * they are used.
 */
export class ShardedUpdate {
  readonly group: ProcessGroup;
  /** Where this rank's part lies among all numbers. */
  readonly part: Part;
  /** What this rank steps of the parameters, in pieces that can each be bound. */
  readonly own: readonly Tensor[];
  readonly #parameters: FlatParameters;
  readonly #isInParts: boolean;
  /** Where the parameters lie that are in parts themselves. */
  readonly #vector: ShardedVector | undefined;
  #gradients: HostGradients;
  /** This rank's part of the sum over the ranks. */
  #sum: Float32Array = new Float32Array();

  /** Throws GradproofError `too-many-ranks` where a rank would have no part. */
  constructor(parameters: FlatParameters, { group, strategy }: Sharding) {
    this.group = group;
    this.#parameters = parameters;
    this.#isInParts = strategy !== 'ddp';
    this.#vector = strategy === 'full_shard' ? vectorOf(parameters) : undefined;
    const { length } = parameters.layout;
    if (this.#isInParts && length < UNIT * group.size)
      throw new GradproofError(
        'too-many-ranks',
        `${length} numbers in groups of ${UNIT} are too few for ${group.size} ranks: take fewer`,
      );
    this.part = this.#isInParts ? partOf(length, group, UNIT) : { start: 0, end: length };
    this.own = this.#vector?.own ?? piecesOf(parameters.segments, this.part);
    this.#gradients = new HostGradients(length);
  }

  /** Whether gradients and state are in parts. */
  get isInParts(): boolean {
    return this.#isInParts;
  }

  /** Takes the gradients of a step: see {@link ShardedUpdate.exchange}. */
  gathering(): Gathering {
    this.#gradients = new HostGradients(this.#parameters.layout.length);
    return this.#parameters.gathering(this.#gradients);
  }

  /** Waits for the gradients that were taken, and leaves this rank's part of their sum in `grad`. */
  async exchange(grad: Segments): Promise<void> {
    this.#sum = await this.#reduced(await this.#gradients.values());
    grad.write(hostTensor('f32', [this.#sum.length], this.#sum));
  }

  /**
   * Clips gradients in parts that were exchanged, as torch.nn.utils.clip_grad_norm_ those of all
   * ranks: no rank's device has all of them. Returns their norm before that.
   */
  async clip(grad: Segments, max_norm: number): Promise<number> {
    const part = this.#sum;
    const { eps } = completed(clipGradNorm.signature, { max_norm });
    const squares = part.reduce((sum, x) => sum + x * x, 0);
    const all = await gatherNumbers(this.group, [squares]);
    const norm = Math.sqrt(all.reduce((sum, [x = 0]) => sum + x, 0));
    const scale = Math.fround(Math.min(1, max_norm / (norm + eps)));
    if (scale !== 1)
      grad.write(
        hostTensor(
          'f32',
          [part.length],
          part.map((x) => x * scale),
        ),
      );
    return norm;
  }

  /** All of what ranks have parts of; all of them must call it. */
  async wholeOf({ dtype, data }: HostTensor): Promise<HostTensor> {
    const { length } = this.#parameters.layout;
    const all = new Float32Array(length);
    await this.group.allGather(data as Float32Array, all, UNIT);
    return hostTensor(dtype, [length], all);
  }

  /** This rank's part of it. */
  partIn({ dtype, data }: HostTensor): HostTensor {
    const part = data.slice(this.part.start, this.part.end);
    return hostTensor(dtype, [part.length], part);
  }

  /** Waits for the update, and lets all ranks have the parameters of those that stepped them. */
  async gatherParameters(): Promise<void> {
    if (!this.#isInParts) return;
    if (this.#vector) return await this.#vector.publish(this.group);
    const shard = await joined(this.own);
    this.#parameters.segments.write(await this.wholeOf(hostTensor('f32', [shard.length], shard)));
  }

  async #reduced(values: Float32Array): Promise<Float32Array> {
    if (this.#isInParts) return await this.group.reduceScatter(values, UNIT);
    await this.group.allReduce(values);
    return values;
  }
}

/** The pieces of a part, one for each segment in which it lies. */
function piecesOf({ pieces }: Segments, { start, end }: Part): readonly Tensor[] {
  let before = 0;
  return pieces.flatMap((piece) => {
    const from = Math.max(start - before, 0);
    const to = Math.min(end - before, piece.size);
    before += piece.size;
    return from < to ? [piece.view([to - from], { offset: 4 * from })] : [];
  });
}

/** Where parameters lie that are in parts. */
function vectorOf({ segments }: FlatParameters): ShardedVector {
  const held = segments.pieces[0]?.held;
  invariant(
    held instanceof ShardedWindow,
    () => 'full_shard steps parameters whose home is a ShardHome',
  );
  return held.vector;
}
