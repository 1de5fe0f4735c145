import { GradproofError, invariant } from '../errors.ts';
import { seam } from '../seam.ts';
import type { Half } from './float-storage.ts';
import { gpuErrorIn } from './gpu-error.ts';
import { STAGING, USAGE } from './usage.ts';

/** Bytes past the end of a guarded buffer that must stay untouched. */
const GUARD_BYTES = 256;
/** Fills guarded buffers before use: a quiet NaN, so that an element that was not written shows. */
const FILL_WORD = 0x7fc0dead;
/** What tensors lie in. */
const STORAGE = USAGE.storage | USAGE.copySrc | USAGE.copyDst;

/** What tensors are for; what is not said to be anything else are activations. */
export const MEMORY_CATEGORIES = ['weights', 'gradients', 'optimizer', 'activations'] as const;
export type MemoryCategory = (typeof MEMORY_CATEGORIES)[number];

/** A piece of device memory with the bytes that its owner asked for. */
export interface Allocation {
  readonly buffer: GPUBuffer;
  /** Where it starts in the buffer, a multiple of 256. */
  readonly offset: number;
  readonly bytes: number;
  /** Counts the commands that may have changed it. */
  version: number;
  /**
   * Bytes after the content that are bound with it, so that a write past the end lands there and is
   * seen; 0 outside guarded mode.
   */
  readonly guardBytes: number;
}

/** A part of an allocation, from byte `offset` of it on. */
export interface Place {
  readonly memory: Allocation;
  readonly offset: number;
}

/** What a launch binds: `size` bytes of an allocation. */
export interface Binding extends Place {
  readonly size: number;
  /** Set where halves lie there: kernels read them as floats. */
  readonly half?: Half;
}

/** A kernel wrote past the end of a buffer. */
export class GuardError extends GradproofError {
  constructor(bytes: number, offset: number) {
    super(
      'guard-overwritten',
      `a kernel wrote ${offset} bytes past the end of a buffer of ${bytes} bytes`,
    );
  }
}

/** The device, or the budget that it was given, has no room for what was requested. */
export class OutOfMemoryError extends GradproofError {
  readonly requestedBytes: number;
  /** What was in use when it was requested. */
  readonly liveBytes: number;

  constructor(requestedBytes: number, liveBytes: number, reason: string, options?: ErrorOptions) {
    super(
      'out-of-memory',
      `${requestedBytes} bytes were requested while ${liveBytes} are live, and ${reason}: free tensors, or use a smaller batch`,
      options,
    );
    this.requestedBytes = requestedBytes;
    this.liveBytes = liveBytes;
  }
}

/** Live and allocated bytes, the observables of the leak check. */
export interface MemoryLedger {
  readonly liveBytes: number;
  readonly liveBuffers: number;
  readonly peakBytes: number;
  /**
   * Bytes of all buffers that were made and not destroyed, those that wait to be used again among
   * them.
   */
  readonly allocatedBytes: number;
}

/**
 * Device memory: freed buffers are kept by size and handed out again, and a ledger counts what is
 * live. In guarded mode every buffer starts as NaN, ends in a guard, is never reused, and
 * {@link Memory.checkGuards} tells who wrote too far.
 */
export class Memory {
  readonly #device: GPUDevice;
  /**
   * By size, the first that was made at the end, where it is taken: a step that is repeated gets the
   * same memory again, in whichever order it freed it.
   */
  readonly #free = new Map<number, GPUBuffer[]>();
  /** How many buffers were made before each. */
  readonly #made = new WeakMap<GPUBuffer, number>();
  #count = 0;
  readonly #guarded: { readonly allocation: Allocation; readonly guard: number }[] = [];
  readonly #held = new Map<Allocation, MemoryCategory>();
  readonly #bytesOf = { weights: 0, gradients: 0, optimizer: 0, activations: 0 };
  readonly #watchers = new Set<(ledger: MemoryLedger) => void>();
  #live = 0;
  #peak = 0;
  #allocated = 0;
  /** Whether allocations are guarded from now on, and whether by NaN. */
  guarded: boolean | 'by NaN' = false;
  /** Live bytes that {@link Memory.allocate} does not exceed: it throws OutOfMemoryError instead. */
  budgetBytes = Number.POSITIVE_INFINITY;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get ledger(): MemoryLedger {
    return {
      liveBytes: this.#live,
      liveBuffers: this.#held.size,
      peakBytes: this.#peak,
      allocatedBytes: this.#allocated,
    };
  }

  /** Live bytes by what they are for. */
  get byCategory(): Readonly<Record<MemoryCategory, number>> {
    return { ...this.#bytesOf };
  }

  /** Counts live memory as what it is for; what is not live, as in a step that is traced, stays. */
  countAs(category: MemoryCategory, allocation: Allocation): void {
    const before = this.#held.get(allocation);
    if (before === undefined) return;
    const own = categoryOf(category);
    this.#bytesOf[before] -= allocation.bytes;
    this.#bytesOf[own] += allocation.bytes;
    this.#held.set(allocation, own);
  }

  /**
   * Allocates storage of `bytes` bytes (rounded up to words); its content is undefined, or NaN in
   * guarded mode.
   */
  allocate(bytes: number): Allocation {
    const words = wholeWords(bytes);
    if (exceeds(this.#live + words, this.budgetBytes))
      throw new OutOfMemoryError(words, this.#live, `the budget is ${this.budgetBytes}`);
    return this.#hold(this.guarded ? this.#allocateGuarded(words) : this.#allocatePooled(words));
  }

  /**
   * Allocates a buffer of exactly `bytes` bytes (rounded up to words) and waits until the device has
   * said whether it could: {@link Memory.allocate} learns of that only with the next commands.
   * Throws {@link OutOfMemoryError}; nothing is held then.
   */
  async allocateWaiting(bytes: number): Promise<Allocation> {
    const size = wholeWords(bytes);
    const before = this.#live;
    const made: GPUBuffer[] = [];
    const cause = refusalOf(
      await gpuErrorIn(this.#device, 'out-of-memory', () =>
        made.push(this.#create({ size, usage: STORAGE })),
      ),
    );
    const [buffer] = made as [GPUBuffer];
    if (!cause) return this.#hold({ buffer, offset: 0, bytes: size, version: 0, guardBytes: 0 });
    this.#destroy([buffer]);
    throw new OutOfMemoryError(size, before, `the device refused: ${cause.message}`, { cause });
  }

  /** Shows `watcher` the ledger after every change of it, until the result is disposed. */
  watch(watcher: (ledger: MemoryLedger) => void): Disposable {
    this.#watchers.add(watcher);
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) };
  }

  /**
   * Returns an allocation to the pool; one that was freed already stays as it is. Recorded commands
   * that use it still run first: the queue keeps order.
   */
  free(allocation: Allocation): void {
    const category = this.#held.get(allocation);
    if (category === undefined) return;
    this.#held.delete(allocation);
    this.#live -= givenBack(allocation);
    this.#bytesOf[category] -= leavingCategory(allocation);
    this.#tell();
    if (allocation.guardBytes !== 0) return;
    const { buffer } = allocation;
    const waiting = this.#free.get(buffer.size);
    if (!waiting) {
      this.#free.set(buffer.size, [buffer]);
      return;
    }
    const age = (one: GPUBuffer | undefined) => (one && this.#made.get(one)) ?? 0;
    let place = waiting.length;
    for (const own = age(buffer); place > 0 && age(waiting[place - 1]) < own; ) place--;
    if (place === waiting.length) waiting.push(buffer);
    else waiting.splice(place, 0, buffer);
  }

  /** Whether an allocation was not freed yet. */
  isLive(allocation: Allocation): boolean {
    return this.#held.has(allocation);
  }

  /** Destroys the pooled buffers. */
  trim(): void {
    for (const [size, pooled] of this.#free) if (this.#free.delete(size)) this.#destroy(pooled);
    this.#tell();
  }

  /** Starts a new measurement of the peak. */
  resetPeak(): void {
    this.#peak = this.#live;
  }

  /**
   * Ends guarded mode: checks that every guard is as it was, and destroys the buffers. Throws
   * {@link GuardError}.
   */
  async checkGuards(): Promise<void> {
    const guarded = this.#guarded.splice(0);
    if (guarded.length === 0) return;
    const staging = this.#device.createBuffer({
      size: guarded.length * GUARD_BYTES,
      usage: STAGING,
    });
    const encoder = this.#device.createCommandEncoder();
    guarded.forEach(({ allocation: { buffer, bytes } }, i) => {
      encoder.copyBufferToBuffer(buffer, bytes, staging, i * GUARD_BYTES, GUARD_BYTES);
    });
    this.#device.queue.submit([encoder.finish()]);
    await staging.mapAsync(1);
    const words = new Uint32Array(staging.getMappedRange());
    const wordsEach = GUARD_BYTES / 4;
    const at = (word: number) => guarded[Math.floor(word / wordsEach)];
    const wrong = words.findIndex((word, i) => word !== at(i)?.guard);
    staging.destroy();
    this.#destroy(guarded.map(({ allocation }) => allocation.buffer));
    const overwritten = at(wrong)?.allocation;
    if (overwritten) throw new GuardError(overwritten.bytes, (wrong % wordsEach) * 4);
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher(this.ledger);
  }

  #hold(allocation: Allocation): Allocation {
    const { bytes } = allocation;
    this.#live += bytes;
    this.#bytesOf.activations += bytes;
    this.#held.set(allocation, 'activations');
    this.#peak = Math.max(this.#peak, this.#live);
    this.#tell();
    return allocation;
  }

  #allocateGuarded(bytes: number): Allocation {
    const buffer = this.#create({
      size: bytes + GUARD_BYTES,
      usage: STORAGE,
      mappedAtCreation: true,
    });
    const words = new Uint32Array(buffer.getMappedRange());
    const guard = guardWord(this.#guarded.length, this.guarded === 'by NaN');
    words.fill(FILL_WORD);
    words.fill(guard, bytes / 4);
    buffer.unmap();
    const allocation = { buffer, offset: 0, bytes, version: 0, guardBytes: GUARD_BYTES };
    this.#guarded.push({ allocation, guard });
    return allocation;
  }

  #create(descriptor: GPUBufferDescriptor): GPUBuffer {
    this.#allocated += descriptor.size;
    const buffer = this.#device.createBuffer(descriptor);
    this.#made.set(buffer, this.#count++);
    return buffer;
  }

  #destroy(buffers: readonly GPUBuffer[]): void {
    this.#allocated -= buffers.reduce((sum, { size }) => sum + size, 0);
    for (const buffer of buffers) buffer.destroy();
  }

  #allocatePooled(bytes: number): Allocation {
    const size = poolSize(bytes);
    const buffer = this.#free.get(size)?.pop();
    return {
      buffer: buffer ?? this.#create({ size, usage: STORAGE }),
      offset: 0,
      bytes,
      version: 0,
      guardBytes: 0,
    };
  }
}

/** Whether live bytes are more than the budget. */
const exceeds = seam('memory.exceeds', (live: number, budget: number) => live > budget);

/** Bytes by which a category is smaller once an allocation is freed. */
const leavingCategory = seam('memory.leaving_category', ({ bytes }: Allocation) => bytes);

/** What memory is counted as. */
const categoryOf = seam('memory.category_of', (category: MemoryCategory) => category);

/** Bytes that are live no longer once an allocation is freed. */
const givenBack = seam('memory.given_back', ({ bytes }: Allocation) => bytes);

/** What the device said of an allocation. */
const refusalOf = seam('memory.refusal_of', (error: GradproofError | undefined) => error);

/** Bytes that an allocation of `bytes` takes: whole words, at least one. */
export function wholeWords(bytes: number): number {
  return Math.max(4, Math.ceil(bytes / 4) * 4);
}

/**
 * Content of the `index`-th buffer's guard: a float from 64 to 128, different for each buffer. A
 * NaN would survive arithmetic, a huge float an addition to it, and a common word a copy, so that a
 * kernel which reads one guard and writes another would go unseen; a tiny one would not show in a
 * sum that reads too far. What is read too far and meets 0 shows by NaN alone.
 */
function guardWord(index: number, isNan: boolean): number {
  return (isNan ? 0x7fc00000 : 0x42800000) | (Math.imul(index + 1, 0x9e3779) & 0x7fffff);
}

/**
 * Sizes are rounded up to an eighth of their power of two, so that near sizes share buffers and at
 * most 12.5 % is lost.
 */
function poolSize(bytes: number): number {
  invariant(bytes > 0, () => 'an allocation needs a size');
  const step = Math.max(256, 2 ** (Math.floor(Math.log2(bytes)) - 3));
  return Math.ceil(bytes / step) * step;
}
