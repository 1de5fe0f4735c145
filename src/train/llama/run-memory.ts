import type { Gpu } from '../../gpu/gpu.ts';

/** Device memory that a run takes beyond what was live before it. */
export class RunMemory {
  readonly #gpu: Gpu;
  readonly #before: number;
  /** Of the parts that are over. */
  #peak = 0;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    this.#before = gpu.memory.ledger.liveBytes;
    gpu.memory.resetPeak();
  }

  /** Bytes that are live now, and the most that were, without what was left out. */
  now(): { readonly bytes: number; readonly peakBytes: number } {
    const { liveBytes, peakBytes } = this.#gpu.memory.ledger;
    return {
      bytes: liveBytes - this.#before,
      peakBytes: Math.max(this.#peak, peakBytes - this.#before),
    };
  }

  /** Does something that is no part of the run: its peak does not count. */
  async without(work: () => Promise<void>): Promise<void> {
    this.#peak = this.now().peakBytes;
    await work();
    this.#gpu.memory.resetPeak();
  }
}
