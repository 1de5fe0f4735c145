import { type DType, isHalf, isInteger } from '../tensor/dtype.ts';
import { heldAs } from '../tensor/half.ts';
import { filledTensor } from '../tensor/host.ts';
import type { Random } from '../tensor/random.ts';
import type { Shape } from '../tensor/shape.ts';
import { promoted } from '../vocabulary/promotion.ts';
import type { Value } from './record.ts';

type IntegerType = Extract<DType, 'i32' | 'u8' | 'i8'>;

const RANGES = { i32: [-(2 ** 31), 2 ** 31 - 1], u8: [0, 255], i8: [-128, 127] } as const;
const ARRAYS = { i32: Int32Array, u8: Uint8Array, i8: Int8Array } as const;

/** What is left of an integer when the bits beyond a type's are dropped. */
export function wrapped(n: number, dtype: IntegerType): number {
  return ARRAYS[dtype].of(n)[0] as number;
}

/** The integer type of what operands give together; undefined where one of them is no integer. */
export function integerTypeOf(operands: readonly Value[]): IntegerType | undefined {
  const dtypes = operands.map(({ dtype = 'f32' }) => dtype);
  const type = dtypes.every(isInteger) ? promoted(dtypes) : undefined;
  return type && isInteger(type) ? type : undefined;
}

/**
 * An operand as torch computes with it beside the others: an integer that meets floats is rounded
 * to their type first. A value without a type is in float64, which holds every integer.
 */
export function beside(operand: Value, operands: readonly Value[]): Value {
  const { dtype } = operand;
  const dtypes = operands.flatMap((other) => other.dtype ?? []);
  const type = dtypes.length === operands.length ? promoted(dtypes) : undefined;
  if (!dtype || !type || !isInteger(dtype) || isInteger(type)) return operand;
  const round = isHalf(type) ? (x: number) => heldAs(type, x) : Math.fround;
  return { ...operand, data: operand.data.map((x) => round(x)) };
}

/** Integers of 32 bits that no float32 holds, or of 8 bits. */
export const drawIntegersOf = (random: Random, shape: Shape, dtype: IntegerType) => {
  const [low, high] = RANGES[dtype];
  return filledTensor(dtype, shape, () => random.integer(low, high));
};
