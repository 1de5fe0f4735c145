import { hostTensor, hostTensorFrom } from '../../../tensor/host.ts';
import type { Random } from '../../../tensor/random.ts';
import { type Shape, sizeOf } from '../../../tensor/shape.ts';
import { repeated, wholes } from '../../../testing/normals.ts';
import { type Operand, type OpWorkGiven, operand } from '../../op-work.ts';

/** What a work of an op is made of. */
export interface Given
  extends Pick<OpWorkGiven, 'params' | 'inputs' | 'reads' | 'gives' | 'isOnHost'> {
  /** Operations of an element of the first input, or of the result where there is none. Default 1. */
  readonly each?: number;
  /** Operations of the call, where they are not those of its elements. */
  readonly flops?: number;
  readonly sizes?: OpWorkGiven['sizes'];
}

export const ROWS = 1024;
export const WIDTH = 1024;
export const X: Shape = [ROWS, WIDTH];
export const N = ROWS * WIDTH;
export const FLAT: Shape = [N];
export const LABELS: Shape = [ROWS];
/** Of what takes long to judge. */
export const SMALL: Shape = [N / 8];
/** A scale for 256 of those. */
export const SCALES: Shape = [N / 8 / 256];
export const IMAGE: Shape = [4, 64, 56, 56];
export const TOKENS = 256;
export const FEATURES = 512;
export const INNER = 1376;

const between = (low: number, high: number) => (random: Random, shape: Shape) =>
  repeated(random, shape, () => random.uniform(low, high));
/** Elements in float32 from `low` to `high`. */
export const uniform = (shape: Shape, low: number, high: number): Operand =>
  operand(shape, 'f32', between(low, high));
export const indices = (shape: Shape, below: number): Operand =>
  operand(shape, 'i32', (random, of) => wholes(random, of, below - 1));
export const constant = (x: number): Operand =>
  operand([1], 'f32', (_, shape) => hostTensorFrom('f32', shape, [x]));
export const integer = (x: number): Operand =>
  operand([1], 'i32', (_, shape) => hostTensorFrom('i32', shape, [x]));
/** Whole numbers from `low` to `high` in bytes. */
export const bytes = (dtype: 'u8' | 'i8', shape: Shape, low: number, high: number): Operand =>
  operand(shape, dtype, (random, of) =>
    hostTensorFrom(
      dtype,
      of,
      Int16Array.from({ length: sizeOf(of) }, () => random.integer(low, high)),
    ),
  );
export const words = (shape: Shape): Operand =>
  operand(shape, 'u32', (random, of) =>
    hostTensor('u32', of, Uint32Array.from(wholes(random, of, 2 ** 31 - 1).data)),
  );
/** Numbers that grow from `low` to `high`. */
export const ascending = (count: number, low: number, high: number): Operand =>
  operand([count], 'f32', (_, shape) =>
    hostTensorFrom(
      'f32',
      shape,
      Float64Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1)),
    ),
  );
export const squares = (shape: Shape) => uniform(shape, 0, 1e-3);

export const unary = (each: number, x: Operand = X, params: object = {}): Given => ({
  each,
  params,
  inputs: { x },
  gives: { y: X },
});
export const binary = (b: Operand = X, a: Operand = X): Given => ({
  inputs: { a, b },
  gives: { y: X },
});
