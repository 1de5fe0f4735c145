import type { DType } from '../../tensor/dtype.ts';
import { type HostTensor, hostTensorFromBytes, valuesOf } from '../../tensor/host.ts';
import type { Shape } from '../../tensor/shape.ts';
import { FormatError } from '../format-error.ts';

/** Element types of the format that are whole bytes wide, with their bytes. */
export const STORED_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E4M3FNUZ: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const;

/** Element type of a stored tensor. */
export type StoredDType = keyof typeof STORED_BYTES;

/** A tensor as a file holds it: row-major, little-endian. `bytes` is a view of the file. */
export interface StoredTensor {
  readonly dtype: StoredDType;
  readonly shape: Shape;
  readonly bytes: Uint8Array;
}

/** The element types that both sides have. */
export const STORED_DTYPE: Readonly<Record<DType, StoredDType>> = {
  f32: 'F32',
  f16: 'F16',
  bf16: 'BF16',
  i32: 'I32',
  u32: 'U32',
  i8: 'I8',
  u8: 'U8',
};

const HOST_DTYPE = new Map(
  Object.entries(STORED_DTYPE).map(([host, stored]) => [stored, host as DType]),
);

/**
 * A copy of the elements in host memory. Throws FormatError for an element type that tensors do not
 * have (F64, I64, ...).
 */
export function toHostTensor({ dtype, shape, bytes }: StoredTensor): HostTensor {
  const host = HOST_DTYPE.get(dtype);
  if (!host)
    throw new FormatError(
      `${dtype} elements cannot be a tensor; known are ${[...HOST_DTYPE.keys()].join(', ')}`,
    );
  return hostTensorFromBytes(host, shape, copyOf(bytes));
}

/**
 * The elements as float64, which holds those of every type that {@link toHostTensor} takes, and
 * F64, exactly. Throws FormatError for others.
 */
export function float64Of(stored: StoredTensor): Float64Array {
  return stored.dtype === 'F64'
    ? new Float64Array(copyOf(stored.bytes))
    : valuesOf(toHostTensor(stored));
}

/** The bytes in a buffer of their own, which starts aligned for every element type. */
function copyOf(bytes: Uint8Array): ArrayBuffer {
  const copy = new Uint8Array(bytes.byteLength);
  copy.set(bytes);
  return copy.buffer;
}
