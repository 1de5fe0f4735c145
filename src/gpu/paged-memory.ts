import { seam } from '../seam.ts';
import type { Gpu } from './gpu.ts';
import { HeldMemory } from './held-memory.ts';
import { type Allocation, wholeWords } from './memory.ts';

/** Bytes of paged memory that went between host and device so far. */
export interface Transfers {
  toDevice: number;
  toHost: number;
}

/** What a move counts. */
const counted = seam('gpu.counted_transfer', (bytes: number): number => bytes);

/**
 * Memory whose content lies on the host. Once it is held no more, what the device made of it is gone,
 * unless it was kept.
 */
export class PagedMemory extends HeldMemory {
  readonly #transfers: Transfers;
  /** Whole words. */
  #content: Uint8Array<ArrayBuffer>;

  /** Copies `data`, which stays on the host; each move of it is counted in `transfers`. */
  constructor(gpu: Gpu, data: ArrayBufferView, transfers: Transfers) {
    super(gpu, wholeWords(data.byteLength));
    this.#transfers = transfers;
    this.#content = new Uint8Array(this.bytes);
    this.#take(data);
  }

  /** Undefined while it is held, since the device may have changed it. */
  override contentOf(start: number, end: number): ArrayBuffer | undefined {
    return this.resident ? undefined : this.#content.slice(start, end).buffer;
  }

  /** Waits for the queue, and takes what the device has made of the content to the host. */
  async keep(): Promise<void> {
    this.#content = new Uint8Array(
      await this.gpu.read({ memory: this.here, offset: 0 }, this.bytes),
    );
    this.#transfers.toHost += counted(this.bytes);
  }

  override write(data: ArrayBufferView): void {
    this.version += 1;
    this.#take(data);
    if (this.resident) this.gpu.write(this.resident, data);
  }

  protected override fill(resident: Allocation): void {
    this.gpu.write(resident, this.#content);
    this.#transfers.toDevice += counted(this.bytes);
  }

  #take({ buffer, byteOffset, byteLength }: ArrayBufferView): void {
    this.#content.set(new Uint8Array(buffer, byteOffset, byteLength));
  }
}
