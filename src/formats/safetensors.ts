import type { Shape } from '../tensor/shape.ts';
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

/**
 * Reads a `.safetensors` file. Nothing in it is trusted: the header must be JSON without a repeated
 * key, each tensor's bytes must be what dtype and shape need, and together the tensors must cover
 * the rest of the file without gap or overlap. Allocates no more than the header needs; tensors are
 * views of `file`. Throws FormatError. Format: https://github.com/huggingface/safetensors#format
 */
export function readSafetensors(file: Uint8Array): Safetensors {
  const { header, data } = split(file);
  const entries = Object.entries(header)
    .filter(([name]) => name !== METADATA_KEY)
    .map(([name, entry]) => readEntry(name, entry, data.byteLength));
  requireCoverage(entries, data.byteLength);
  const tensors = entries.map(
    ({ name, dtype, shape, start, end }) =>
      [name, { dtype, shape, bytes: data.subarray(start, end) }] as const,
  );
  return { metadata: readMetadata(header), tensors: new Map(tensors) };
}

function split(file: Uint8Array): { header: JsonObject; data: Uint8Array } {
  if (file.byteLength < 8)
    throw new FormatError(`${file.byteLength} bytes are too few for a safetensors file`);
  const size = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  if (size > MAX_HEADER_BYTES)
    throw new FormatError(
      `the header claims ${size} bytes; the limit is ${MAX_HEADER_BYTES}: not a safetensors file?`,
    );
  const end = 8 + Number(size);
  if (end > file.byteLength)
    throw new FormatError(
      `the header claims ${size} bytes and ${file.byteLength - 8} are there: is the file cut off?`,
    );
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file.subarray(8, end));
  } catch (cause) {
    throw new FormatError('the header is not UTF-8: not a safetensors file?', { cause });
  }
  return { header: parseJsonObject(text, 'the header'), data: file.subarray(end) };
}

/** What the header says of one tensor. */
interface Entry {
  readonly name: string;
  readonly dtype: StoredDType;
  readonly shape: Shape;
  readonly start: number;
  readonly end: number;
}

function readEntry(name: string, entry: unknown, dataBytes: number): Entry {
  const what = `tensor ${quote(name)}`;
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
function requireCoverage(entries: readonly Entry[], dataBytes: number): void {
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
  const metadata = Object.hasOwn(header, METADATA_KEY) ? header[METADATA_KEY] : {};
  if (!isJsonObject(metadata)) throw new FormatError(`${METADATA_KEY} is not an object`);
  return new Map(
    Object.entries(metadata).map(([key, value]) => {
      if (typeof value !== 'string')
        throw new FormatError(`${METADATA_KEY} ${quote(key)} is not a string`);
      return [key, value];
    }),
  );
}
