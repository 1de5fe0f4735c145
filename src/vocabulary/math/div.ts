import * as v from 'valibot';
import { binary } from '../binary.ts';
import { signature } from '../signature.ts';

/** y = a / b, with broadcasting; with `rounding_mode` an integer, towards 0 or below. */
export const div = signature(
  { family: 'math', name: 'div' },
  v.strictObject({ rounding_mode: v.optional(v.picklist(['trunc', 'floor'])) }),
  binary,
);
