import * as v from 'valibot';
import { SignatureError } from '../error.ts';
import type { Known } from '../rules.ts';

/** Parameters of LLM.int8: columns with a value above `threshold` stay as they are; 0 for none. */
export const int8Params = v.strictObject({
  threshold: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
});

/** The threshold of LLM.int8 where nothing is said of it, as in transformers' BitsAndBytesConfig. */
export const USUAL_THRESHOLD = 6;

/** A list of columns, no longer than there are columns. */
export function outliers(
  { size: n }: Pick<Known<unknown>, 'size'>,
  actual: readonly number[],
): readonly number[] {
  const [columns = 0] = actual;
  if (actual.length !== 1 || columns > n('cols')) {
    throw new SignatureError(`there are only ${n('cols')} columns`);
  }
  return actual;
}
