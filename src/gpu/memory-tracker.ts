import { seam } from '../seam.ts';
import type { Gpu } from './gpu.ts';
import type { MemoryLedger } from './memory.ts';

/** Device memory of a block of work, in bytes. */
export interface MemoryStats {
  /** Live when the block began. */
  readonly initialBytes: number;
  /** The most that were live at once, from the beginning of the block on. */
  readonly peakBytes: number;
  /** Live now; after the block, live at its end. */
  readonly finalBytes: number;
  /** Of all buffers that were made and not destroyed, pooled ones among them. */
  readonly allocatedBytes: number;
  /** What the block needed beside what was there: the peak without the initial bytes. */
  readonly totalUsedBytes: number;
}

const started = seam('memory.started', ({ liveBytes, allocatedBytes }: MemoryLedger) => ({
  initialBytes: liveBytes,
  peakBytes: liveBytes,
  finalBytes: liveBytes,
  allocatedBytes,
  totalUsedBytes: 0,
}));

/** The figures after a change of the ledger. */
const followed = seam(
  'memory.followed',
  (
    { initialBytes, peakBytes: before }: MemoryStats,
    { liveBytes, allocatedBytes }: MemoryLedger,
  ): MemoryStats => {
    const peakBytes = Math.max(before, liveBytes);
    return {
      initialBytes,
      peakBytes,
      finalBytes: liveBytes,
      allocatedBytes,
      totalUsedBytes: peakBytes - initialBytes,
    };
  },
);

/** Ends what a tracker follows. A seam, so that a control can leave it out. */
const unwatched = seam('memory.unwatched', (watch: Disposable) => watch[Symbol.dispose]());

/** Follows the memory of a device from {@link memoryTracker} until it is disposed. */
class MemoryTracker implements AsyncDisposable {
  readonly #gpu: Gpu;
  readonly #watch: Disposable;
  #stats: MemoryStats;

  constructor(gpu: Gpu) {
    this.#stats = started(gpu.memory.ledger);
    const watch = gpu.memory.watch((ledger) => {
      this.#stats = followed(this.#stats, ledger);
    });
    this.#gpu = gpu;
    this.#watch = watch;
  }

  /** The figures as they are now; after the end of the block, as they were then. */
  get stats(): MemoryStats {
    return this.#stats;
  }

  /** Waits for the queue and stops following. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#gpu.finish();
    } finally {
      this.stop();
    }
  }

  /** Stops following at once. */
  stop(): void {
    unwatched(this.#watch);
  }
}

/**
 * Follows device memory to the end of the block: `await using tracker = memoryTracker(gpu)`. Its
 * figures are live from the start, and trackers may be nested: each has a peak of its own.
 */
export function memoryTracker(gpu: Gpu): MemoryTracker {
  return new MemoryTracker(gpu);
}
