import { sha256 } from '../../formats/sha256.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { wrapSeam } from '../../seam.ts';

/** What can be read back. */
interface Readable {
  read(): Promise<unknown>;
}

/**
 * Digests all that is read back from a device and from those that it makes, until disposed; of what
 * is trained, the last weights too.
 */
export class ReadDigest implements Disposable {
  readonly #gpu: Gpu;
  readonly #digests: Promise<string>[] = [];
  readonly #release: Disposable;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    gpu.onRead = (read) =>
      this.#digests.push(
        read.then(
          (bytes) => sha256(new Uint8Array(bytes)),
          () => 'no bytes',
        ),
      );
    this.#release = wrapSeam(
      'train.release',
      (original) =>
        (lasting: Readonly<Record<string, Readable>>, ...owned) => {
          // Each read is recorded at once, before its memory is freed; where it fails, the digest says
          // so.
          for (const tensor of Object.values(lasting)) tensor.read().catch(() => {});
          return original(lasting, ...owned);
        },
    );
  }

  /** SHA-256 in hex over the SHA-256 of each read, in order. */
  async value(): Promise<string> {
    const lines = await Promise.all(this.#digests);
    return sha256(new TextEncoder().encode(lines.join('\n')));
  }

  [Symbol.dispose](): void {
    this.#gpu.onRead = undefined;
    this.#release[Symbol.dispose]();
  }
}
