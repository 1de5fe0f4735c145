import { dropWords } from '../drop/drop.en.ts';

/**
 * What files of each kind may hold at most, in bytes: far more than real ones, and little enough to
 * be read at once.
 */
export const MOST_BYTES = {
  config: 2 ** 20,
  known: 2 ** 24,
  report: 2 ** 28,
  text: 2 ** 28,
  recording: 2 ** 31,
} as const;

/**
 * The bytes of a file that a person chose as one of that kind. Throws, with a line for people, when
 * it is too large or cannot be read.
 */
export async function bytesOf(
  file: File,
  kind: keyof typeof MOST_BYTES,
): Promise<Uint8Array<ArrayBuffer>> {
  const drop = dropWords();
  if (file.size > MOST_BYTES[kind])
    throw new Error(drop.tooLarge(file.name, file.size, MOST_BYTES[kind]));
  return read(file, file.name);
}

/** The beginning of a file, which tells what it is. Throws as {@link bytesOf}. */
export function startOf(file: File): Promise<Uint8Array<ArrayBuffer>> {
  return read(file.slice(0, 1000), file.name);
}

async function read(blob: Blob, name: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    throw new Error(dropWords().unreadable(name), { cause });
  }
}
