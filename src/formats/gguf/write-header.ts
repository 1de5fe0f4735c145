import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { FormatError, quote } from '../format-error.ts';
import { TENSOR_TYPES } from './tensor-types.ts';

/** A value with the type that the file gives it. */
export type GgufField =
  | { readonly type: 'u32' | 'f32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'texts'; readonly value: readonly string[] }
  | { readonly type: 'f32s' | 'i32s'; readonly value: readonly number[] };

/** Keys with their values, in their order. */
export type GgufFields = ReadonlyMap<string, GgufField>;

/** A tensor of a file to be written. */
export interface GgufShape {
  /** ggml's name of the type, in small letters. */
  readonly type: string;
  /** Row-major, the dimension of rows last. */
  readonly shape: Shape;
}

const MAGIC = 0x46554747;
const VERSION = 3;
/** What general.alignment is where a file does not tell. */
const ALIGNMENT = 32;

/** GGML_MAX_NAME without the NUL at the end: llama.cpp loads no file with a longer name. */
const MAX_NAME_BYTES = 63;

/** ggml's numbers of types of values. */
const U32 = 4;
const I32 = 5;
const F32 = 6;
const BOOL = 7;
const TEXT = 8;
const ARRAY = 9;

/** Bytes of a tensor. Throws FormatError for rows that are no whole blocks. */
export function ggufBytes({ type, shape }: GgufShape): number {
  const { elements, bytes } = typeOf(type)[1];
  if ((shape.at(-1) ?? 1) % elements !== 0)
    throw new FormatError(`rows of ${shape.at(-1)} elements are no blocks of ${quote(type)}`);
  return (sizeOf(shape) / elements) * bytes;
}

/** Zeros after so many bytes, up to where a tensor may begin. */
export const paddingAfter = (bytes: number): number =>
  Math.ceil(bytes / ALIGNMENT) * ALIGNMENT - bytes;

/** Throws FormatError for the name of a tensor that is longer than llama.cpp takes. */
export function requireName(name: string): void {
  const bytes = new TextEncoder().encode(name).length;
  if (bytes > MAX_NAME_BYTES)
    throw new FormatError(
      `the name ${quote(name)} has ${bytes} bytes, and llama.cpp takes at most ${MAX_NAME_BYTES}`,
    );
}

/**
 * All of a `.gguf` file of version 3 before its tensors, which follow in this order, each with the
 * zeros of {@link paddingAfter} behind it. Throws FormatError.
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export function ggufHeader(
  fields: GgufFields,
  tensors: ReadonlyMap<string, GgufShape>,
): Uint8Array<ArrayBuffer> {
  const out = new Bytes();
  out.u32(MAGIC);
  out.u32(VERSION);
  out.u64(tensors.size);
  out.u64(fields.size);
  for (const [key, field] of fields) {
    out.text(key);
    writeField(out, field);
  }
  let offset = 0;
  for (const [name, tensor] of tensors) {
    requireName(name);
    out.text(name);
    out.u32(tensor.shape.length);
    for (const extent of tensor.shape.toReversed()) out.u64(extent);
    out.u32(typeOf(tensor.type)[0]);
    out.u64(offset);
    const bytes = ggufBytes(tensor);
    offset += bytes + paddingAfter(bytes);
  }
  return out.padded();
}

function typeOf(name: string) {
  const found = [...TENSOR_TYPES].find(([, type]) => type.name === name);
  if (!found) throw new FormatError(`no type of ggml is named ${quote(name)}`);
  return found;
}

function writeField(out: Bytes, field: GgufField): void {
  switch (field.type) {
    case 'u32':
      out.u32(U32);
      out.u32(field.value);
      break;
    case 'f32':
      out.u32(F32);
      out.f32(field.value);
      break;
    case 'bool':
      out.u32(BOOL);
      out.u8(Number(field.value));
      break;
    case 'text':
      out.u32(TEXT);
      out.text(field.value);
      break;
    case 'texts':
      out.array(TEXT, field.value.length);
      for (const each of field.value) out.text(each);
      break;
    case 'f32s':
      out.array(F32, field.value.length);
      for (const each of field.value) out.f32(each);
      break;
    case 'i32s':
      out.array(I32, field.value.length);
      for (const each of field.value) out.i32(each);
  }
}

/** Numbers and strings one behind the other, little-endian. */
class Bytes {
  #view = new DataView(new ArrayBuffer(2 ** 12));
  #at = 0;

  u8 = (x: number): void => this.#put(1, (view, at) => view.setUint8(at, x));
  u32 = (x: number): void => this.#put(4, (view, at) => view.setUint32(at, x, true));
  i32 = (x: number): void => this.#put(4, (view, at) => view.setInt32(at, x, true));
  f32 = (x: number): void => this.#put(4, (view, at) => view.setFloat32(at, x, true));
  u64 = (x: number): void => this.#put(8, (view, at) => view.setBigUint64(at, BigInt(x), true));

  text(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.u64(bytes.length);
    this.#put(bytes.length, ({ buffer }, at) => new Uint8Array(buffer).set(bytes, at));
  }

  array(type: number, length: number): void {
    this.u32(ARRAY);
    this.u32(type);
    this.u64(length);
  }

  padded(): Uint8Array<ArrayBuffer> {
    this.#put(paddingAfter(this.#at), () => {});
    return new Uint8Array(this.#view.buffer as ArrayBuffer, 0, this.#at);
  }

  /** Makes room for so many bytes and fills it. */
  #put(bytes: number, fill: (view: DataView, at: number) => void): void {
    const start = this.#at;
    this.#at += bytes;
    if (this.#at > this.#view.byteLength) {
      const larger = new Uint8Array(2 * this.#at);
      larger.set(new Uint8Array(this.#view.buffer));
      this.#view = new DataView(larger.buffer);
    }
    fill(this.#view, start);
  }
}
