import { hexOf } from './hex.ts';

/** SHA-256 of bytes in lower-case hex. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return hexOf(await sha256Digest(bytes));
}

/** SHA-256 of bytes; a page over plain http computes it itself, since `crypto.subtle` is not there. */
export async function sha256Digest(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { subtle } = globalThis.crypto as Partial<Crypto>;
  if (subtle) return new Uint8Array(await subtle.digest('SHA-256', bytes));
  const { digest } = await import('./sha256-rounds.ts');
  return digest(bytes);
}
