import { InvariantError } from '../errors.ts';
import { seam } from '../seam.ts';
import type { Gpu } from './gpu.ts';
import { type Allocation, type MemoryCategory, wholeWords } from './memory.ts';

/** Bytes of paged memory that went between host and device so far. */
export interface Transfers {
  toDevice: number;
  toHost: number;
}

/** What a move counts. */
const counted = seam('gpu.counted_transfer', (bytes: number): number => bytes);

/** Whether it is held no more. */
const isLetGo = seam('gpu.is_let_go', (holders: number): boolean => holders === 0);

/**
 * Memory whose content lies on the host, and on the device only while it is held. What is bound or
 * copied meanwhile is device memory as any other; once it is held no more, what the device made of
 * it is gone, unless it was kept.
 */
export class PagedMemory implements Allocation {
  readonly bytes: number;
  readonly guardBytes = 0;
  version = 0;
  /** What it is counted as while it is held. */
  category: MemoryCategory = 'activations';
  readonly #gpu: Gpu;
  readonly #transfers: Transfers;
  /** Whole words. */
  #content: Uint8Array<ArrayBuffer>;
  #resident: Allocation | undefined;
  #holders = 0;

  /** Copies `data`, which stays on the host; each move of it is counted in `transfers`. */
  constructor(gpu: Gpu, data: ArrayBufferView, transfers: Transfers) {
    this.#gpu = gpu;
    this.#transfers = transfers;
    this.bytes = wholeWords(data.byteLength);
    this.#content = new Uint8Array(this.bytes);
    this.#fill(data);
  }

  get buffer(): GPUBuffer {
    return this.#here.buffer;
  }

  get offset(): number {
    return this.#here.offset;
  }

  /** The content on the host; undefined while it is held, since the device may have changed it. */
  get content(): Uint8Array<ArrayBuffer> | undefined {
    return this.#resident ? undefined : this.#content;
  }

  /** Brings the content to the device, where it stays until the result is disposed. */
  hold(): Disposable {
    if (!this.#resident) {
      this.#resident = this.#gpu.allocate(this.bytes);
      this.#gpu.memory.countAs(this.category, this.#resident);
      this.#gpu.write(this.#resident, this.#content);
      this.#transfers.toDevice += counted(this.bytes);
    }
    this.#holders += 1;
    return { [Symbol.dispose]: () => this.#letGo() };
  }

  /** Waits for the queue, and takes what the device has made of the content to the host. */
  async keep(): Promise<void> {
    this.#content = new Uint8Array(
      await this.#gpu.read({ memory: this.#here, offset: 0 }, this.bytes),
    );
    this.#transfers.toHost += counted(this.bytes);
  }

  /** Overwrites the content. */
  write(data: ArrayBufferView): void {
    this.version += 1;
    this.#fill(data);
    if (this.#resident) this.#gpu.write(this.#resident, data);
  }

  get #here(): Allocation {
    if (!this.#resident)
      throw new InvariantError(
        `${this.bytes} bytes on the host were used on the device: hold them`,
      );
    return this.#resident;
  }

  #letGo(): void {
    this.#holders -= 1;
    if (!isLetGo(this.#holders) || !this.#resident) return;
    this.#gpu.free(this.#resident);
    this.#resident = undefined;
  }

  #fill({ buffer, byteOffset, byteLength }: ArrayBufferView): void {
    this.#content.set(new Uint8Array(buffer, byteOffset, byteLength));
  }
}
