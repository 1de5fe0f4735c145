import { FormatError } from './format-error.ts';

/** A file that is read part by part: one that a person chose in the page, or one on disk. */
export interface PartFile {
  readonly bytes: number;
  /** The bytes from `start` up to `end`. Throws FormatError where fewer are there. */
  readonly read: (start: number, end: number) => Promise<Uint8Array>;
  /** What people know it by: its own name, which may be another than that of its place in a folder. */
  readonly called?: string;
}

/** A `File` of the page, or another Blob. */
export function partsOfBlob(blob: Blob): PartFile {
  return {
    bytes: blob.size,
    ...(blob instanceof File ? { called: blob.name } : {}),
    read: async (start, end) => {
      const part = new Uint8Array(await blob.slice(start, end).arrayBuffer());
      if (part.length !== end - start) throw cutOff(start, end, part.length);
      return part;
    },
  };
}

/** Bytes that are in memory. */
export function partsOfBytes(bytes: Uint8Array): PartFile {
  return { bytes: bytes.length, read: async (start, end) => bytes.subarray(start, end) };
}

/** What to throw where a file has fewer bytes than it had when it was opened. */
export const cutOff = (start: number, end: number, found: number): FormatError =>
  new FormatError(
    `bytes ${start} to ${end} are asked for, and ${found} are there: is the file cut off?`,
  );
