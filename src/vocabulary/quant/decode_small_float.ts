import * as v from 'valibot';
import { codes, float } from '../rules.ts';
import { signature } from '../signature.ts';

/** What codes of floats of few bits stand for: OCP's e2m1, e4m3 and e8m0, e4m3fnuz, and IEEE's e5m2. */
export const decodeSmallFloat = signature(
  { family: 'quant', name: 'decode_small_float', inBundles: false },
  v.strictObject({ type: v.picklist(['e2m1', 'e4m3', 'e4m3fnuz', 'e5m2', 'e8m0']) }),
  { inputs: { codes: codes('[*x]') }, outputs: { y: float('[*x]') } },
);
