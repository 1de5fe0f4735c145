import { InvariantError } from '../errors.ts';
import { seam } from '../seam.ts';
import type { Gpu } from './gpu.ts';
import type { Allocation, MemoryCategory } from './memory.ts';

/** Whether it is held no more. */
const isLetGo = seam('gpu.is_let_go', (holders: number): boolean => holders === 0);

/**
 * Memory whose content lies elsewhere, and on the device only while it is held. What is bound or
 * copied meanwhile is device memory as any other.
 */
export abstract class HeldMemory implements Allocation {
  readonly bytes: number;
  readonly guardBytes = 0;
  version = 0;
  /** What it is counted as while it is held. */
  category: MemoryCategory = 'activations';
  protected readonly gpu: Gpu;
  #resident: Allocation | undefined;
  #holders = 0;

  /** `bytes` are whole words. */
  constructor(gpu: Gpu, bytes: number) {
    this.gpu = gpu;
    this.bytes = bytes;
  }

  get buffer(): GPUBuffer {
    return this.here.buffer;
  }

  get offset(): number {
    return this.here.offset;
  }

  /** A copy of the content from byte `start` to `end`; undefined where the device alone has it. */
  abstract contentOf(start: number, end: number): ArrayBuffer | undefined;

  /** Overwrites the content. */
  abstract write(data: ArrayBufferView): void;

  /** Brings the content to the device. */
  protected abstract fill(resident: Allocation): void;

  /** Keeps the content on the device until the result is disposed. */
  hold(): Disposable {
    if (!this.#resident) {
      this.#resident = this.gpu.allocate(this.bytes);
      this.gpu.memory.countAs(this.category, this.#resident);
      this.fill(this.#resident);
    }
    this.#holders += 1;
    return { [Symbol.dispose]: () => this.#letGo() };
  }

  /** Where it lies on the device; undefined while no one holds it. */
  protected get resident(): Allocation | undefined {
    return this.#resident;
  }

  /** The same of memory that is held. */
  protected get here(): Allocation {
    if (!this.#resident)
      throw new InvariantError(
        `${this.bytes} bytes that are not on the device were used there: hold them`,
      );
    return this.#resident;
  }

  #letGo(): void {
    this.#holders -= 1;
    if (!isLetGo(this.#holders) || !this.#resident) return;
    this.gpu.free(this.#resident);
    this.#resident = undefined;
  }
}
