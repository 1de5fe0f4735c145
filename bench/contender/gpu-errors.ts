import { GradproofError } from '../../src/errors.ts';

/** What a device says of a library that uses it wrongly, or that it failed itself. */
class PeerGpuError extends GradproofError {}

/**
 * Errors of a library's own device. A command that fails computes nothing, and fast: a library that
 * does not look would have the best times.
 */
export class GpuErrors {
  readonly #library: string;
  readonly #device: GPUDevice;
  #first: string | undefined;

  /** Listens from now on. */
  constructor(library: string, device: GPUDevice) {
    this.#library = library;
    this.#device = device;
    device.addEventListener('uncapturederror', ({ error }) => {
      this.#first ??= error.message;
    });
    void device.lost.then(({ reason, message }) => {
      this.#first ??= `the device was lost (${reason}): ${message}`;
    });
  }

  /** The same once the errors of all that was submitted have come, some of them after the work. */
  async settle(): Promise<void> {
    await this.#device.queue.onSubmittedWorkDone();
    await new Promise((resolve) => setTimeout(resolve));
    this.check();
  }

  /** Throws the first error, `peer-gpu`, once: what comes after it starts anew. */
  check(): void {
    const first = this.#first;
    if (first === undefined) return;
    this.#first = undefined;
    throw new PeerGpuError('peer-gpu', `${this.#library}: its device reports ${firstLine(first)}`);
  }
}

const firstLine = (text: string): string => text.split('\n')[0] as string;
