import { InvariantError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { HeldMemory } from '../../gpu/held-memory.ts';
import { type Allocation, wholeWords } from '../../gpu/memory.ts';
import { Scope } from '../../gpu/scope.ts';
import { hostTensor } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { joined } from './joined.ts';
import type { ProcessGroup } from './process-group.ts';
import { type Part, partOf, type Rank } from './rank.ts';

const WORD = 4;

/** What two parts of the same words have in common; nothing where `start` is not below `end`. */
const common = (one: Part, other: Part): Part => ({
  start: Math.max(one.start, other.start),
  end: Math.min(one.end, other.end),
});

const hasAny = ({ start, end }: Part): boolean => start < end;

/**
 * Words in parts, one at each rank. A rank has its own part on its device, and once more in memory
 * that all ranks share, where the others read it: devices do not reach each other's memory.
 */
export class ShardedVector implements Disposable {
  /** This rank's part. */
  readonly part: Part;
  /** The same on the device, in pieces that can each be bound. */
  readonly own: readonly Tensor[];
  readonly #bounds: readonly Part[];
  /** What others read of this rank. */
  readonly #mirror: Float32Array;
  /** That of all ranks, in their order. */
  #mirrors: readonly Float32Array[] | undefined;
  readonly #windows: ShardedWindow[] = [];
  readonly #scope: Scope;

  /**
   * Takes a rank's part of `values`, which are the same at all ranks; parts end at multiples of
   * `unit`.
   */
  constructor(gpu: Gpu, values: Float32Array, { rank, size }: Rank, unit: number) {
    using owned = new Scope();
    this.#bounds = Array.from({ length: size }, (_, of) =>
      partOf(values.length, { rank: of, size }, unit),
    );
    this.part = this.#bounds[rank] as Part;
    const { start, end } = this.part;
    this.#mirror = new Float32Array(new SharedArrayBuffer(WORD * (end - start)));
    this.#mirror.set(values.subarray(start, end));
    const limit = gpu.limits['maxStorageBufferBindingSize'] as number;
    const most = Math.floor(limit / WORD / unit) * unit;
    this.own = Array.from({ length: Math.ceil((end - start) / most) }, (_, i) => {
      const words = this.#mirror.slice(i * most, (i + 1) * most);
      return owned.add(Tensor.from(gpu, hostTensor('f32', [words.length], words)));
    }).map((piece) => piece.countAs('weights'));
    this.#scope = owned.move();
  }

  /** So many bytes from word `start` on, as memory that is gathered from all ranks while it is held. */
  window(gpu: Gpu, start: number, bytes: number): ShardedWindow {
    const window = new ShardedWindow(gpu, this, start, bytes);
    this.#windows.push(window);
    return window;
  }

  /** Lets the others read what this rank has; all ranks must call it before anything is gathered. */
  async share(group: ProcessGroup): Promise<void> {
    this.#mirrors ??= await group.share(this.#mirror, (this.#bounds.at(-1) as Part).end);
  }

  /**
   * Waits for what the device has made of this rank's part, and lets the others read it. All ranks
   * must call it, when none of them gathers.
   */
  async publish(group: ProcessGroup): Promise<void> {
    this.#mirror.set(await joined(this.own));
    await group.barrier();
    for (const window of this.#windows) window.refresh();
  }

  /** Copies words from all ranks into device memory. */
  gather(gpu: Gpu, wanted: Part, into: Allocation): void {
    for (const { words, at, isOwn } of this.#mirrored(wanted))
      if (!isOwn) gpu.write({ ...into, offset: into.offset + WORD * at }, words);
    for (const { words, at } of this.#owned(wanted))
      gpu.copy(words.binding, { memory: into, offset: WORD * at }, words.bytes);
  }

  /** A copy of words from all ranks. */
  read(wanted: Part): Float32Array<ArrayBuffer> {
    const values = new Float32Array(wanted.end - wanted.start);
    for (const { words, at } of this.#mirrored(wanted)) values.set(words, at);
    return values;
  }

  /** Overwrites what this rank has of the words from `start` on. */
  write(gpu: Gpu, start: number, values: Float32Array): void {
    const wanted = { start, end: start + values.length };
    for (const { words, at } of this.#owned(wanted)) {
      const data = values.slice(at, at + words.size);
      using given = Tensor.from(gpu, hostTensor('f32', words.shape, data));
      words.copyFrom(given);
    }
    const own = common(this.part, wanted);
    if (hasAny(own))
      this.#mirror.set(
        values.subarray(own.start - start, own.end - start),
        own.start - this.part.start,
      );
  }

  /** What the mirrors of all ranks have of some words, each part with where it begins among them. */
  *#mirrored(wanted: Part) {
    for (const [rank, bounds] of this.#bounds.entries()) {
      const part = common(bounds, wanted);
      if (!hasAny(part)) continue;
      const mirror = this.#mirrors?.[rank];
      if (!mirror) throw new InvariantError('what ranks have is gathered before they shared it');
      // WebGPU is given no memory that another thread may change.
      const words = new Float32Array(part.end - part.start);
      words.set(mirror.subarray(part.start - bounds.start, part.end - bounds.start));
      yield { words, at: part.start - wanted.start, isOwn: bounds === this.part };
    }
  }

  /** The same of what this rank has on its device. */
  *#owned(wanted: Part) {
    let { start } = this.part;
    for (const piece of this.own) {
      const part = common({ start, end: start + piece.size }, wanted);
      if (hasAny(part)) {
        const offset = WORD * (part.start - start);
        const words = piece.view([part.end - part.start], { offset });
        yield { words, at: part.start - wanted.start };
      }
      start += piece.size;
    }
  }

  [Symbol.dispose](): void {
    this.#scope[Symbol.dispose]();
  }
}

/** Words of a {@link ShardedVector}, gathered from all ranks while they are held. */
export class ShardedWindow extends HeldMemory {
  readonly vector: ShardedVector;
  readonly #start: number;

  constructor(gpu: Gpu, vector: ShardedVector, start: number, bytes: number) {
    super(gpu, wholeWords(bytes));
    this.vector = vector;
    this.#start = start;
  }

  override contentOf(start: number, end: number): ArrayBuffer {
    return this.vector.read(this.#words).buffer.slice(start, end);
  }

  /** Writes this rank's part: all ranks must write the same, and wait for each other before they gather. */
  override write(data: ArrayBufferView): void {
    this.version += 1;
    this.vector.write(this.gpu, this.#start, wordsOf(data));
    if (this.resident) this.gpu.write(this.resident, data);
  }

  /** Takes what ranks have now, where it is held. */
  refresh(): void {
    this.version += 1;
    if (this.resident) this.fill(this.resident);
  }

  protected override fill(resident: Allocation): void {
    this.vector.gather(this.gpu, this.#words, resident);
  }

  get #words(): Part {
    return { start: this.#start, end: this.#start + this.bytes / WORD };
  }
}

/** Bytes as whole words. */
export function wordsOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Float32Array {
  const bytes = new Uint8Array(wholeWords(byteLength));
  bytes.set(new Uint8Array(buffer, byteOffset, byteLength));
  return new Float32Array(bytes.buffer);
}
