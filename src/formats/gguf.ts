import type { Shape } from '../tensor/shape.ts';
import { readGgufHeader } from './gguf/header.ts';
import type { GgufValue } from './gguf/metadata.ts';
import type { TensorType } from './gguf/tensor-types.ts';

/** A tensor of a file: rows of whole blocks, as the file has them. */
export interface GgufTensor {
  readonly type: TensorType;
  /** Row-major, the dimension of rows last. */
  readonly shape: Shape;
  /** A view of the file. */
  readonly bytes: Uint8Array;
}

/** What a `.gguf` file holds. */
export interface Gguf {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/**
 * Reads a `.gguf` file of version 2 or 3. Nothing in it is trusted, as `readGgufHeader` says.
 * Allocates in proportion to the header; tensors are views of `file`. Throws FormatError.
 */
export function readGguf(file: Uint8Array): Gguf {
  const { metadata, places } = readGgufHeader(file);
  const tensors = new Map(
    [...places].map(([name, { type, shape, start, end }]) => [
      name,
      { type, shape, bytes: file.subarray(start, end) },
    ]),
  );
  return { metadata, tensors };
}
