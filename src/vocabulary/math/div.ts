import * as v from 'valibot';
import { numericBinary } from '../binary.ts';
import { asOperands, isStoredInteger } from '../promotion.ts';
import { type BundleDType, FLOAT, stored } from '../rules.ts';
import { signature } from '../signature.ts';

type Mode = 'trunc' | 'floor' | undefined;

/** Integers have quotients in floats, unless these are rounded. */
const asQuotient = (
  operands: readonly BundleDType[],
  { rounding_mode }: { readonly rounding_mode?: Mode },
) => (rounding_mode || !operands.every(isStoredInteger) ? asOperands(operands) : FLOAT);

/** y = a / b, with broadcasting; with `rounding_mode` an integer, towards 0 or below. */
export const div = signature(
  { family: 'math', name: 'div' },
  v.strictObject({ rounding_mode: v.optional(v.picklist(['trunc', 'floor'])) }),
  {
    ...numericBinary,
    outputs: { y: stored(numericBinary.outputs.y, asQuotient) },
  },
);
