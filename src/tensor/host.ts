import { GradproofError } from '../errors.ts';
import { seam } from '../seam.ts';
import { bytesPerElement, type DType } from './dtype.ts';
import { bf16FromF32, f16FromF32, f32FromBf16, f32FromF16 } from './half.ts';
import { type Shape, sizeOf } from './shape.ts';

/** Storage on the host: half formats as their bits in a `Uint16Array`. */
export type HostData =
  | Float32Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Int8Array
  | Uint8Array;

/** A dense row-major tensor in host memory. */
export interface HostTensor {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: HostData;
}

/** Tensors by the names that the op's record gives them. */
export type HostTensors = Readonly<Record<string, HostTensor>>;

/** A tensor whose data does not fill its shape. */
export class ShapeError extends GradproofError {
  constructor(message: string) {
    super('shape', message);
  }
}

const ARRAYS = {
  f32: Float32Array,
  f16: Uint16Array,
  bf16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  i8: Int8Array,
  u8: Uint8Array,
} as const;

/**
 * Makes a host tensor over `data` (not copied). Throws {@link ShapeError} when the sizes differ.
 */
export function hostTensor(dtype: DType, shape: Shape, data: HostData): HostTensor {
  if (data.length !== sizeOf(shape))
    throw new ShapeError(`${data.length} elements do not fill shape ${shape.join('x')}`);
  return { dtype, shape, data };
}

/** Rounds real numbers to `dtype` (nearest even for the half formats, modular for integers). */
export const hostTensorFrom = seam(
  'tensor.hostTensorFrom',
  (dtype: DType, shape: Shape, values: ArrayLike<number>): HostTensor => {
    const encode = dtype === 'f16' ? f16FromF32 : dtype === 'bf16' ? bf16FromF32 : undefined;
    const data = encode
      ? new Uint16Array(values.length).map((_, i) => encode(values[i] as number))
      : new ARRAYS[dtype](values);
    return hostTensor(dtype, shape, data);
  },
);

/** A tensor of a number for each place of the shape, asked for in order, rounded to `dtype`. */
export const filledTensor = (
  dtype: DType,
  shape: Shape,
  number: (i: number) => number,
): HostTensor =>
  hostTensorFrom(
    dtype,
    shape,
    Float64Array.from({ length: sizeOf(shape) }, (_, i) => number(i)),
  );

/** Reads raw little-endian bytes (padding after the last element is ignored) as a tensor. */
export function hostTensorFromBytes(dtype: DType, shape: Shape, bytes: ArrayBuffer): HostTensor {
  return hostTensor(dtype, shape, new ARRAYS[dtype](bytes, 0, sizeOf(shape)));
}

/** A tensor of zeros. */
export const hostZeros = (dtype: DType, shape: Shape): HostTensor =>
  hostTensorFromBytes(dtype, shape, new ArrayBuffer(sizeOf(shape) * bytesPerElement(dtype)));

/** The values as float64: what an oracle computes with. Every dtype here is exact in float64. */
export function valuesOf(tensor: HostTensor): Float64Array {
  const decode =
    tensor.dtype === 'f16' ? f32FromF16 : tensor.dtype === 'bf16' ? f32FromBf16 : undefined;
  return decode ? Float64Array.from(tensor.data, decode) : Float64Array.from(tensor.data);
}
