import * as v from 'valibot';
import { SignatureError } from '../error.ts';
import { asOperands, isStoredInteger } from '../promotion.ts';
import { type BundleDType, number, numeric, stored } from '../rules.ts';
import { signature } from '../signature.ts';

interface Bounds {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

function asClipped(operands: readonly BundleDType[], { min = 0, max = 0 }: Bounds) {
  const types = asOperands(operands);
  if (types.every(isStoredInteger) && !(Number.isInteger(min) && Number.isInteger(max)))
    throw new SignatureError('integers between bounds that are no integers become floats: cast x');
  return types;
}

/** y = x between `min` and `max`, as torch.clamp. */
export const clip = signature(
  { family: 'math', name: 'clip' },
  v.strictObject({ min: v.optional(number), max: v.optional(number) }),
  {
    inputs: { x: numeric('[*x]') },
    outputs: { y: stored(numeric('[*x]'), asClipped) },
    gradients: ['x'],
  },
);
