import { GradproofError, messageOf } from '../../errors.ts';
import { seam } from '../../seam.ts';
import { holdLock } from './life-lock.ts';
import { Peer } from './peer.ts';
import { type Part, partOf, type Rank } from './rank.ts';
import { RankLostError, RankMismatchError } from './rank-errors.ts';

/** How vectors get from rank to rank; the bits of what is computed are the same. */
export type Transport = 'shared-memory' | 'messages';

/** One rank's place in a group; it can be posted to a worker, with its ports as what is transferred. */
export interface GroupPlace extends Rank {
  /** Names the group among those of this origin. */
  readonly group: string;
  /** To each other rank in the order of ranks; of itself there is none. */
  readonly ports: readonly MessagePort[];
  readonly transport: Transport;
  /** How long a collective waits for a rank that says nothing. Milliseconds. */
  readonly limitMs: number;
}

/** How a group is made. */
export interface GroupOptions {
  /** Default shared memory, where it is there. */
  readonly transport?: Transport;
  /** Default 30,000. */
  readonly limitMs?: number;
}

/** A rank that waits says so as often within the limit: one word that is late does no harm. */
const WORDS_WITHIN_LIMIT = 4;

/** A page has shared memory only where it is cross-origin isolated. */
export const sharesMemory = (): boolean => typeof SharedArrayBuffer === 'function';

/** The places of a new group of `size` ranks. */
export function groupPlaces(
  size: number,
  {
    transport = sharesMemory() ? 'shared-memory' : 'messages',
    limitMs = 30_000,
  }: GroupOptions = {},
): readonly GroupPlace[] {
  const ports: MessagePort[][] = Array.from({ length: size }, () => []);
  for (let low = 0; low < size; low++) {
    for (let high = low + 1; high < size; high++) {
      const { port1, port2 } = new MessageChannel();
      ports[low]?.push(port1);
      ports[high]?.push(port2);
    }
  }
  const group = crypto.randomUUID();
  return ports.map((own, rank) => ({ group, rank, size, ports: own, transport, limitMs }));
}

/** Adds the vectors of all ranks in the order of the ranks, whichever came first. */
const sumInOrder = seam(
  'sharded.sum_in_order',
  ([first, ...others]: readonly Float32Array[]): Float32Array => {
    const sum = Float32Array.from(first as Float32Array);
    for (const other of others)
      for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (other[i] as number);
    return sum;
  },
);

/**
 * Collectives of torch.distributed over f32 vectors: every rank makes the same calls, one after the
 * other, and each waits for all. Sums are float32 in the order of the ranks, so that their bits hang
 * neither on time nor on the transport. Throws RankLostError where a rank ended or says nothing, and
 * RankMismatchError where ranks differ in what they call; the group is of no use after that.
 */
export class ProcessGroup implements Rank, Disposable {
  readonly rank: number;
  readonly size: number;
  readonly #place: GroupPlace;
  readonly #peers: readonly Peer[];
  /** What this rank gives in even and in odd rounds: a rank may still read the round before. */
  readonly #shared: [Float32Array, Float32Array] = [new Float32Array(), new Float32Array()];
  readonly #left = new AbortController();
  #round = 0;
  #failure: unknown;

  constructor(place: GroupPlace) {
    this.#place = place;
    this.rank = place.rank;
    this.size = place.size;
    this.#peers = place.ports.map((port, i) => new Peer(i < place.rank ? i : i + 1, port));
    const lock = `${place.group} ${place.rank}`;
    holdLock(lock, this.#left.signal, () => {
      for (const peer of this.#peers) peer.tellLock(lock);
    });
  }

  /** How vectors get from rank to rank. */
  get transport(): Transport {
    return this.#place.transport;
  }

  /** Waits until every rank is here. */
  async barrier(): Promise<void> {
    await this.#swap('barrier', new Float32Array(), () => ({ start: 0, end: 0 }));
  }

  /** Makes each vector the sum of those of all ranks, in place. */
  async allReduce(values: Float32Array): Promise<void> {
    const shard = sumInOrder(await this.#swap('all_reduce', values, this.#partsOf(values)));
    await this.#gather('all_reduce', shard, values);
  }

  /** This rank's part ({@link partOf}) of the sum of the vectors of all ranks. */
  async reduceScatter(values: Float32Array, unit?: number): Promise<Float32Array> {
    return sumInOrder(await this.#swap('reduce_scatter', values, this.#partsOf(values, unit)));
  }

  /** Fills `values` with the parts ({@link partOf}) of all ranks; this one's is `shard`. */
  async allGather(shard: Float32Array, values: Float32Array, unit?: number): Promise<void> {
    await this.#gather('all_gather', shard, values, unit);
  }

  /**
   * The memory that each rank gives, in their order: what one writes there, all others see. `length`
   * is that of what they have together. Takes ranks that share memory.
   */
  async share(own: Float32Array, length: number): Promise<readonly Float32Array[]> {
    const whole = { start: 0, end: own.length };
    return await this.#swap(
      'share',
      own,
      () => whole,
      length,
      () => () => own,
    );
  }

  /** Waits for what may take any time, and lets the others know that this rank is still there. */
  async outlast(waiting: Promise<void>): Promise<void> {
    const tell = () => {
      for (const peer of this.#peers) peer.askPatience();
    };
    const timer = setInterval(tell, this.#place.limitMs / WORDS_WITHIN_LIMIT);
    try {
      await waiting;
    } finally {
      clearInterval(timer);
    }
  }

  /** Tells all ranks that this one ends for `error`, and leaves the group. */
  fail(error: unknown): void {
    if (this.#failure) return;
    this.#failure = error;
    const code = error instanceof GradproofError ? error.code : undefined;
    const lost =
      error instanceof RankLostError ? error : new RankLostError(this.rank, messageOf(error), code);
    for (const peer of this.#peers) peer.leave(lost);
    this[Symbol.dispose]();
  }

  #partsOf({ length }: Float32Array, unit?: number): (rank: number) => Part {
    return (rank) => partOf(length, { rank, size: this.size }, unit);
  }

  async #gather(
    op: string,
    shard: Float32Array,
    values: Float32Array,
    unit?: number,
  ): Promise<void> {
    const whole = { start: 0, end: shard.length };
    const parts = await this.#swap(op, shard, () => whole, values.length);
    const bounds = this.#partsOf(values, unit);
    parts.forEach((part, rank) => {
      values.set(part, bounds(rank).start);
    });
  }

  /** Gives each rank its part of `values`, and returns what every rank gave this one. */
  async #swap(
    op: string,
    values: Float32Array,
    partFor: (rank: number) => Part,
    length = values.length,
    giving = () => this.#giving(values),
  ): Promise<readonly Float32Array[]> {
    if (this.#failure) throw this.#failure;
    try {
      const given = giving();
      for (const peer of this.#peers) peer.post({ op, length, part: given(partFor(peer.rank)) });
      const notes = await Promise.all(this.#peers.map((peer) => peer.next(this.#place.limitMs)));
      const own = { rank: this.rank, op, length };
      notes.forEach((note, i) => {
        const other = { rank: (this.#peers[i] as Peer).rank, op: note.op, length: note.length };
        if (other.op !== op || other.length !== length) throw new RankMismatchError(own, other);
      });
      const { start, end } = partFor(this.rank);
      return notes.map(({ part }) => part).toSpliced(this.rank, 0, values.subarray(start, end));
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  /** Cuts what is given: out of shared memory, or as copies that alone are sent. */
  #giving(values: Float32Array): (part: Part) => Float32Array {
    if (this.#place.transport === 'messages') return ({ start, end }) => values.slice(start, end);
    const turn = this.#round++ % 2;
    if ((this.#shared[turn] as Float32Array).length < values.length)
      this.#shared[turn] = new Float32Array(new SharedArrayBuffer(values.byteLength));
    const shared = this.#shared[turn] as Float32Array;
    shared.set(values);
    return ({ start, end }) => shared.subarray(start, end);
  }

  [Symbol.dispose](): void {
    this.#left.abort();
    for (const peer of this.#peers) peer[Symbol.dispose]();
  }
}
