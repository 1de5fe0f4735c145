import type { Shape } from '../../tensor/shape.ts';
import { kindOf } from '../file-kind.ts';
import { FormatError, quote } from '../format-error.ts';
import type { PartFile } from '../part-file.ts';
import { Cursor, StartTooShort } from './cursor.ts';
import { type GgufValue, readMetadata } from './metadata.ts';
import { TENSOR_TYPES, type TensorType } from './tensor-types.ts';

/** Where a tensor lies, in bytes from the start of the file. */
export interface GgufPlace {
  readonly type: TensorType;
  /** Row-major, the dimension of rows last. */
  readonly shape: Shape;
  readonly start: number;
  readonly end: number;
}

/** What a file says before its numbers. */
export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly places: ReadonlyMap<string, GgufPlace>;
}

/** "GGUF" in the file's order of bytes. */
const MAGIC = 0x46554747;
/** Versions of one layout; the third may also be big-endian, which is refused. */
const VERSIONS = [2, 3];
const DEFAULT_ALIGNMENT = 32;
/** GGML_MAX_DIMS. */
const MOST_DIMENSIONS = 4;
/** Bytes of the shortest entry: key and value, or name, dimensions, type and offset. */
const LEAST_PAIR = 13;
const LEAST_TENSOR = 24;

/** Bytes that are read of a file at first. */
const FIRST_BYTES = 2 ** 20;
/** A vocabulary of 262,144 tokens with its merges takes some 15 megabytes. */
const MOST_BYTES = 2 ** 26;

/**
 * The header of a file that is read in parts: its start, and twice as much until it is whole. Throws
 * FormatError, as {@link readGgufHeader} does and for a header of more than 64 MiB.
 */
export async function openGguf(file: PartFile): Promise<GgufHeader> {
  for (let bytes = Math.min(FIRST_BYTES, file.bytes); ; bytes = Math.min(2 * bytes, file.bytes)) {
    if (bytes > MOST_BYTES)
      throw new FormatError(`the header has more than ${MOST_BYTES} bytes: is it a model?`);
    try {
      return readGgufHeader(await file.read(0, bytes), file.bytes);
    } catch (error) {
      if (!(error instanceof StartTooShort)) throw error;
    }
  }
}

/**
 * The header of a file of `fileBytes` that begins with `start`. Nothing in it is trusted: counts are
 * held against what is left of the file, names and keys are there once, tensors begin at multiples
 * of the alignment, have the bytes that type and shape need, and do not overlap. Throws FormatError,
 * and {@link StartTooShort} where `start` ends before the header.
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export function readGgufHeader(start: Uint8Array, fileBytes = start.length): GgufHeader {
  const cursor = new Cursor(start, fileBytes);
  if (start.length < 4 || cursor.u32('the magic number') !== MAGIC) {
    const kind = kindOf(start);
    throw new FormatError(`the file ${kind ? `is ${kind}, and ` : ''}does not begin with GGUF`);
  }
  const version = cursor.u32('the version');
  if (!VERSIONS.includes(version)) throw new FormatError(versionWords(version));
  const tensorCount = cursor.count('the number of tensors', LEAST_TENSOR);
  const pairCount = cursor.count('the number of keys', LEAST_PAIR);
  const metadata = readMetadata(cursor, pairCount);
  const entries = Array.from({ length: tensorCount }, (_, i) => readEntry(cursor, i));
  const alignment = alignmentOf(metadata);
  const data = Math.min(Math.ceil(cursor.at / alignment) * alignment, fileBytes);
  checkPlaces(entries, fileBytes - data, alignment);
  const places = new Map<string, GgufPlace>();
  for (const { name, type, shape, offset, size } of entries) {
    if (places.has(name)) throw new FormatError(`tensor ${quote(name)} is there twice`);
    places.set(name, { type, shape, start: data + offset, end: data + offset + size });
  }
  return { metadata, places };
}

function versionWords(version: number): string {
  const isSwapped = (version & 0xffff) === 0 && version !== 0;
  return isSwapped
    ? 'the file is big-endian: convert it to little-endian'
    : `the file has version ${version}; known are ${VERSIONS.join(' and ')}`;
}

/** What the header says of one tensor. */
interface Entry {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: Shape;
  /** Of its first byte, in the data. */
  readonly offset: number;
  readonly size: number;
}

function readEntry(cursor: Cursor, i: number): Entry {
  const name = cursor.text(`the name of tensor ${i}`);
  const what = `tensor ${quote(name)}`;
  const rank = cursor.u32(`the number of dimensions of ${what}`);
  if (rank > MOST_DIMENSIONS)
    throw new FormatError(`${what} has ${rank} dimensions; the limit is ${MOST_DIMENSIONS}`);
  const shape = Array.from({ length: rank }, () =>
    safe(cursor.u64(`a dimension of ${what}`), `a dimension of ${what}`),
  ).reverse();
  const number = cursor.u32(`the type of ${what}`);
  const type = TENSOR_TYPES.get(number);
  if (!type) throw new FormatError(`${what} has type ${number}, which is not known`);
  const row = shape.at(-1) ?? 1;
  if (row % type.elements !== 0)
    throw new FormatError(
      `${what} has rows of ${row} elements, which are no ${type.name} blocks of ${type.elements}`,
    );
  const elements = safe(
    shape.reduce((product, n) => product * BigInt(n), 1n),
    `the number of elements of ${what}`,
  );
  const size = (elements / type.elements) * type.bytes;
  return { name, type, shape, offset: safe(cursor.u64(`the offset of ${what}`), what), size };
}

function safe(x: bigint, what: string): number {
  if (x > BigInt(Number.MAX_SAFE_INTEGER)) throw new FormatError(`${what} is ${x}`);
  return Number(x);
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>): number {
  const given = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  if (typeof given !== 'number' || !Number.isInteger(Math.log2(given)) || given < 1)
    throw new FormatError(`general.alignment is ${String(given)}, and no power of two`);
  return given;
}

/** Every tensor lies in the data, aligned, and none in another. */
function checkPlaces(entries: readonly Entry[], dataBytes: number, alignment: number): void {
  let end = 0;
  for (const { name, offset, size } of entries.toSorted((a, b) => a.offset - b.offset)) {
    const what = `tensor ${quote(name)} at byte ${offset} of the data`;
    if (offset % alignment !== 0)
      throw new FormatError(`${what} is not at a multiple of ${alignment}`);
    if (offset < end) throw new FormatError(`${what} overlaps the tensor before it`);
    if (offset + size > dataBytes)
      throw new FormatError(
        `${what} has ${size} bytes, and the data ${dataBytes}: is the file cut off?`,
      );
    end = offset + size;
  }
}
