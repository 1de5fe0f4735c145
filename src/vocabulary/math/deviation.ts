import * as v from 'valibot';
import { number } from '../rules.ts';
import { signature } from '../signature.ts';
import { floatReduction, reductionParams } from './reduction.ts';

/** The signature of the variance over some axes, or of its root. */
export function deviation(name: string) {
  return signature(
    { family: 'math', name },
    v.strictObject({
      ...reductionParams.entries,
      /** What the number of terms is lessened by before the sum of squares is divided by it. */
      correction: v.optional(number, 1),
    }),
    floatReduction,
  );
}

/** The signature of either. */
export type Deviation = ReturnType<typeof deviation>;
