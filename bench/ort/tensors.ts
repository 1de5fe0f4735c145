import type { Tensor } from 'onnxruntime-web';
import { InvariantError } from '../../src/errors.ts';
import type { DType } from '../../src/tensor/dtype.ts';
import { type HostData, type HostTensor, hostTensor } from '../../src/tensor/host.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import type { ElementType, Fed } from './onnx/graph.ts';

/** ONNX Runtime's names of element types. */
const NAMES = {
  f32: 'float32',
  f16: 'float16',
  i32: 'int32',
  i64: 'int64',
  u32: 'uint32',
  i8: 'int8',
  u8: 'uint8',
  bool: 'bool',
} as const satisfies Partial<Record<ElementType, Tensor.Type>>;

/** ONNX Runtime's name of an element type. Throws InvariantError for bfloat16, which it has not. */
export function ortType(type: ElementType): (typeof NAMES)[keyof typeof NAMES] {
  if (type === 'bf16') throw new InvariantError('ONNX Runtime Web has no tensors of bf16');
  return NAMES[type];
}

/** How the elements of results lie in memory. */
const ARRAYS = {
  f32: Float32Array,
  f16: Uint16Array,
  i32: Int32Array,
  i64: BigInt64Array,
  u32: Uint32Array,
  i8: Int8Array,
  u8: Uint8Array,
} as const;

/** Bytes of a tensor. */
export function bytesOf({ data }: Pick<Fed, 'data'>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}

/** A result from its bytes: 64-bit integers are indices that fit in 32. A scalar has shape [1]. */
export function hostTensorOf(
  type: ElementType,
  dims: readonly number[],
  bytes: ArrayBuffer,
): HostTensor {
  const shape = dims.length === 0 ? [1] : dims;
  const Elements = ARRAYS[type as keyof typeof ARRAYS];
  if (!Elements) throw new InvariantError(`no op gives elements of ${type}`);
  const data = new Elements(bytes, 0, sizeOf(shape));
  return data instanceof BigInt64Array
    ? hostTensor('i32', shape, Int32Array.from(data, Number))
    : hostTensor(type as DType, shape, data as HostData);
}
