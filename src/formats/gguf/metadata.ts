import { FormatError, quote } from '../format-error.ts';
import type { Cursor } from './cursor.ts';

/** A value of the metadata; whole numbers of 64 bits beyond 2^53 are bigint. */
export type GgufValue = string | number | bigint | boolean | readonly GgufValue[];

/** Arrays of arrays of more levels are an attack on what walks through them. */
const MOST_LEVELS = 4;

/** ggml's number of the type of arrays. */
const ARRAY = 9;

interface ValueType {
  /** The least that a value takes. */
  readonly bytes: number;
  readonly read: (cursor: Cursor, what: string) => GgufValue;
}

const whole = (x: bigint): number | bigint =>
  BigInt.asIntN(54, x) === x && Number.isSafeInteger(Number(x)) ? Number(x) : x;

/** Types but for arrays, by their numbers. */
const TYPES: ReadonlyMap<number, ValueType> = new Map<number, ValueType>([
  [0, { bytes: 1, read: (cursor, what) => cursor.u8(what) }],
  [1, { bytes: 1, read: (cursor, what) => cursor.i8(what) }],
  [2, { bytes: 2, read: (cursor, what) => cursor.u16(what) }],
  [3, { bytes: 2, read: (cursor, what) => cursor.i16(what) }],
  [4, { bytes: 4, read: (cursor, what) => cursor.u32(what) }],
  [5, { bytes: 4, read: (cursor, what) => cursor.i32(what) }],
  [6, { bytes: 4, read: (cursor, what) => cursor.f32(what) }],
  [7, { bytes: 1, read: boolean }],
  [8, { bytes: 8, read: (cursor, what) => cursor.text(what) }],
  [10, { bytes: 8, read: (cursor, what) => whole(cursor.u64(what)) }],
  [11, { bytes: 8, read: (cursor, what) => whole(cursor.i64(what)) }],
  [12, { bytes: 8, read: (cursor, what) => cursor.f64(what) }],
]);

function boolean(cursor: Cursor, what: string): boolean {
  const byte = cursor.u8(what);
  if (byte > 1) throw new FormatError(`${what} is a boolean of ${byte}`);
  return byte === 1;
}

/** Key and value pairs, `count` of them. Throws FormatError. */
export function readMetadata(cursor: Cursor, count: number): ReadonlyMap<string, GgufValue> {
  const found = new Map<string, GgufValue>();
  for (let i = 0; i < count; i++) {
    const key = cursor.text(`key ${i}`);
    const what = `the value of ${quote(key)}`;
    if (found.has(key)) throw new FormatError(`key ${quote(key)} is there twice`);
    found.set(key, readValue(cursor, cursor.u32(`the type of ${quote(key)}`), what, 0));
  }
  return found;
}

function readValue(cursor: Cursor, type: number, what: string, levels: number): GgufValue {
  if (type !== ARRAY) return typeOf(type, what).read(cursor, what);
  if (levels === MOST_LEVELS)
    throw new FormatError(`${what} has arrays in arrays of more than ${MOST_LEVELS} levels`);
  const element = cursor.u32(`the type of elements of ${what}`);
  // An array has its elements' type and their number.
  const least = element === ARRAY ? 12 : typeOf(element, what).bytes;
  const length = cursor.count(`the number of elements of ${what}`, least);
  return Array.from({ length }, () => readValue(cursor, element, what, levels + 1));
}

function typeOf(type: number, what: string): ValueType {
  const known = TYPES.get(type);
  if (!known) throw new FormatError(`${what} has type ${type}; known are 0 to 12`);
  return known;
}
