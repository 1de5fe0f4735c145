import * as v from 'valibot';
import type { DType } from '../../tensor/dtype.ts';
import { real } from '../rules.ts';
import { signature } from '../signature.ts';

const TARGETS = [
  'float64',
  'float32',
  'float16',
  'bfloat16',
  'int32',
  'int8',
  'uint8',
  'bool',
] as const;
const NATIVE: readonly DType[] = ['f32', 'f16', 'bf16', 'i32', 'u8', 'i8'];

/** x in another element type, by torch's names. */
export const cast = signature(
  { family: 'math', name: 'cast' },
  v.strictObject({ to: v.picklist(TARGETS) }),
  {
    inputs: { x: { ...real('[*x]'), native: NATIVE } },
    outputs: { y: { ...real('[*x]'), native: NATIVE } },
    gradients: ['x'],
  },
);
