import type { Shape } from '../tensor/shape.ts';
import { kindOf } from './file-kind.ts';
import { FormatError, quote } from './format-error.ts';
import { STORED_BYTES, type StoredDType, type StoredTensor } from './safetensors/stored.ts';
import { isJsonObject, type JsonObject, parseJsonObject } from './strict-json.ts';

/** The one name in a header that is not a tensor's. */
export const METADATA_KEY = '__metadata__';

/** What a `.safetensors` file holds. */
export interface Safetensors {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** The format's own limit for a header, in bytes. */
const MAX_HEADER_BYTES = 100_000_000;
/**
 * More dimensions than any real tensor has; a longer list is an attack on what multiplies or prints
 * it.
 */
const MAX_RANK = 32;
const OPENING_BRACE = 0x7b;

/** Bytes before the header, which tell its length. */
export const LENGTH_BYTES = 8;

/** What a header says. */
export interface SafetensorsHeader {
  readonly metadata: ReadonlyMap<string, string>;
  /** Where the bytes of each tensor lie, counted from the header's end. */
  readonly entries: readonly SafetensorsEntry[];
}

/**
 * Reads a `.safetensors` file. Nothing in it is trusted: the header must be JSON without a repeated
 * key, each tensor's bytes must be what dtype and shape need, and together the tensors must cover
 * the rest of the file without gap or overlap. Allocates no more than the header needs; tensors are
 * views of `file`. Throws FormatError. Format: https://github.com/huggingface/safetensors#format
 */
export function readSafetensors(file: Uint8Array): Safetensors {
  const end = LENGTH_BYTES + headerLength(file, file.byteLength);
  const data = file.subarray(end);
  const { metadata, entries } = readHeader(file.subarray(LENGTH_BYTES, end), data.byteLength);
  const tensors = entries.map(
    ({ name, dtype, shape, start, end }) =>
      [name, { dtype, shape, bytes: data.subarray(start, end) }] as const,
  );
  return { metadata, tensors: new Map(tensors) };
}

/**
 * Bytes of the header of a file of `fileBytes` that begins with `start`. Throws FormatError where
 * that is no safetensors file, and names what it is if its first bytes tell.
 */
export function headerLength(start: Uint8Array, fileBytes: number): number {
  const kind = start[LENGTH_BYTES] === OPENING_BRACE ? undefined : kindOf(start);
  if (kind) throw new FormatError(`is ${kind}, and not a safetensors file`);
  if (start.byteLength < LENGTH_BYTES)
    throw new FormatError(`${fileBytes} bytes are too few for a safetensors file`);
  const size = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  if (size > MAX_HEADER_BYTES)
    throw new FormatError(
      `the header claims ${size} bytes; the limit is ${MAX_HEADER_BYTES}: not a safetensors file?`,
    );
  if (LENGTH_BYTES + Number(size) > fileBytes)
    throw new FormatError(
      `the header claims ${size} bytes and ${fileBytes - LENGTH_BYTES} are there: is the file cut off?`,
    );
  return Number(size);
}

/** The header of a file with `dataBytes` behind it. Throws FormatError as {@link readSafetensors}. */
export function readHeader(header: Uint8Array, dataBytes: number): SafetensorsHeader {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
  } catch (cause) {
    throw new FormatError('the header is not UTF-8: not a safetensors file?', { cause });
  }
  const json = parseJsonObject(text, 'the header');
  const entries = Object.entries(json)
    .filter(([name]) => name !== METADATA_KEY)
    .map(([name, entry]) => readEntry(name, entry, dataBytes));
  requireCoverage(entries, dataBytes);
  return { metadata: readMetadata(json), entries };
}

/** What the header says of one tensor. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: StoredDType;
  readonly shape: Shape;
  readonly start: number;
  readonly end: number;
}

function readEntry(name: string, entry: unknown, dataBytes: number): SafetensorsEntry {
  const what = `tensor ${quote(name)}`;
  if (!name.isWellFormed())
    throw new FormatError(`the name ${quote(name)} has half a character: it is no Unicode`);
  if (!isJsonObject(entry)) throw new FormatError(`${what} is not described by an object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(STORED_BYTES, dtype)) {
    throw new FormatError(
      `${what} has dtype ${quote(String(dtype))}; known are ${Object.keys(STORED_BYTES).join(', ')}`,
    );
  }
  if (!isSizes(shape) || shape.length > MAX_RANK)
    throw new FormatError(`${what} has a shape that is not a list of at most ${MAX_RANK} sizes`);
  if (!isSizes(offsets) || offsets.length !== 2)
    throw new FormatError(`${what} has data_offsets that are not [start, end]`);
  const [start, end] = offsets as [number, number];
  if (start > end || end > dataBytes) {
    throw new FormatError(
      `${what} claims bytes ${start} to ${end} of ${dataBytes}: offsets out of range, or the file is cut off`,
    );
  }
  const needed = bytesOf(shape, STORED_BYTES[dtype as StoredDType]);
  if (needed !== end - start) {
    throw new FormatError(
      `${what} is ${dtype} [${shape.join(', ')}], which needs ${needed} bytes, and has ${end - start}`,
    );
  }
  return { name, dtype: dtype as StoredDType, shape, start, end };
}

function isSizes(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.every((n) => Number.isSafeInteger(n) && n >= 0 && !Object.is(n, -0))
  );
}

/**
 * May be beyond 2^53 and then inexact, but never by so much that it equals a range of a real file.
 */
function bytesOf(shape: Shape, width: number): number {
  return shape.includes(0) ? 0 : shape.reduce((product, n) => product * n, width);
}

/** Every byte after the header must belong to exactly one tensor. */
function requireCoverage(entries: readonly SafetensorsEntry[], dataBytes: number): void {
  let covered = 0;
  const inOrder = entries.toSorted((a, b) => a.start - b.start || a.end - b.end);
  for (const { name, start, end } of inOrder) {
    const what = `tensor ${quote(name)} at byte ${start}`;
    if (start < covered) throw new FormatError(`${what} overlaps the tensor before it`);
    if (start > covered)
      throw new FormatError(`${what} leaves a gap of ${start - covered} bytes before it`);
    covered = end;
  }
  if (covered !== dataBytes)
    throw new FormatError(`${dataBytes - covered} bytes at the end belong to no tensor`);
}

function readMetadata(header: JsonObject): ReadonlyMap<string, string> {
  // MLX writes null where there are none.
  const metadata = (Object.hasOwn(header, METADATA_KEY) ? header[METADATA_KEY] : null) ?? {};
  if (!isJsonObject(metadata)) throw new FormatError(`${METADATA_KEY} is not an object`);
  return new Map(
    Object.entries(metadata).map(([key, value]) => {
      if (typeof value !== 'string')
        throw new FormatError(`${METADATA_KEY} ${quote(key)} is not a string`);
      return [key, value];
    }),
  );
}
