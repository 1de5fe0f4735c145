/**
 * Element types that a buffer may hold. Half formats are stored as their bits; `u8` and `i8` four
 * to a 32-bit word.
 */
export type DType = 'f32' | 'f16' | 'bf16' | 'i32' | 'u32' | 'i8' | 'u8';

const BYTES: Readonly<Record<DType, number>> = {
  f32: 4,
  f16: 2,
  bf16: 2,
  i32: 4,
  u32: 4,
  i8: 1,
  u8: 1,
};

/** Bytes of one element. */
export function bytesPerElement(dtype: DType): number {
  return BYTES[dtype];
}

/** Whether elements are stored in 16 bits that kernels compute with as float32. */
export function isHalf(dtype: DType): dtype is 'f16' | 'bf16' {
  return dtype === 'f16' || dtype === 'bf16';
}

/** Whether elements are integers that are added and compared, as words of bits (u32) are not. */
export function isInteger(dtype: DType): dtype is 'i32' | 'u8' | 'i8' {
  return dtype === 'i32' || dtype === 'u8' || dtype === 'i8';
}

/** Whether kernels compute with elements as float32. */
export function isFloat(dtype: DType): dtype is 'f32' | 'f16' | 'bf16' {
  return dtype === 'f32' || isHalf(dtype);
}

/** The element type in which kernels compute with such elements, and store what comes of them. */
export function computedAs(dtype: DType): DType {
  return isHalf(dtype) ? 'f32' : dtype;
}
