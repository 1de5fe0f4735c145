import * as v from 'valibot';
import type { DType } from '../../tensor/dtype.ts';
import { type BundleDType, REAL, stored, type TensorRule } from '../rules.ts';
import { signature } from '../signature.ts';

/** How bundles hold each type: a boolean as a byte. */
const TARGETS = {
  float64: ['F64'],
  float32: ['F32'],
  float16: ['F16'],
  bfloat16: ['BF16'],
  int32: ['I32'],
  int8: ['I8'],
  uint8: ['U8'],
  bool: ['U8'],
} as const satisfies Readonly<Record<string, readonly BundleDType[]>>;
const NATIVE: readonly DType[] = ['f32', 'f16', 'bf16', 'i32', 'u8', 'i8'];
const any: TensorRule<object> = { dtypes: REAL, native: NATIVE, shape: '[*x]' };

interface Params {
  readonly to: keyof typeof TARGETS;
}

/** x in another element type, by torch's names. */
export const cast = signature(
  { family: 'math', name: 'cast' },
  v.strictObject({ to: v.picklist(Object.keys(TARGETS) as (keyof typeof TARGETS)[]) }),
  {
    inputs: { x: any },
    outputs: { y: stored<Params>(any, (_, { to }) => TARGETS[to]) },
    gradients: ['x'],
  },
);
