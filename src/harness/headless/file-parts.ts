import type { OutputFile } from '../../train/adapter-files.ts';

/** A part of a file, as messages carry it: a text has no room for a large one. */
export interface FilePart {
  readonly name: string;
  /** Of the whole file. */
  readonly bytes: number;
  /** Where the part begins. */
  readonly start: number;
  readonly data: Uint8Array;
}

const MOST_BYTES = 2 ** 24;

/** Files in parts; an empty one is one part. */
export function* partsOf(
  files: readonly OutputFile[],
  most = MOST_BYTES,
): Generator<FilePart, void> {
  for (const { name, data } of files) {
    const bytes = data.length;
    for (let start = 0; start === 0 || start < bytes; start += most)
      yield { name, bytes, start, data: data.slice(start, start + most) };
  }
}

/** Files that are put together of their parts. */
export class JoinedFiles {
  readonly #files = new Map<string, Uint8Array<ArrayBuffer>>();

  add({ name, bytes, start, data }: FilePart): void {
    const whole = this.#files.get(name) ?? new Uint8Array(bytes);
    whole.set(data, start);
    this.#files.set(name, whole);
  }

  get files(): readonly OutputFile[] {
    return [...this.#files].map(([name, data]) => ({ name, data }));
  }
}
