import type { PartFile } from './part-file.ts';
import { sha256, sha256Digest } from './sha256.ts';

/** Of a file so much is in memory at once. */
const PART_BYTES = 2 ** 24;

/**
 * What tells the content of a file of any size: the SHA-256 of the SHA-256s of its parts of 16 MiB,
 * in lower-case hex, since the platform's SHA-256 needs all of its input at once.
 */
export async function fileDigest(file: PartFile): Promise<string> {
  const parts = Math.ceil(file.bytes / PART_BYTES);
  const sums = new Uint8Array(32 * parts);
  for (let part = 0; part < parts; part++) {
    const start = part * PART_BYTES;
    const bytes = await file.read(start, Math.min(start + PART_BYTES, file.bytes));
    sums.set(await sha256Digest(bytes as Uint8Array<ArrayBuffer>), 32 * part);
  }
  return await sha256(sums);
}
