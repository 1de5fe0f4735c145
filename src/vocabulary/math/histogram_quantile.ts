import * as v from 'valibot';
import { float, fraction, index } from '../rules.ts';
import { signature } from '../signature.ts';

/** The value below which the share q of what a histogram counted lies, linear within its bin. */
export const histogramQuantile = signature(
  { family: 'math', name: 'histogram_quantile', inBundles: false },
  v.strictObject({ q: fraction }),
  {
    inputs: {
      counts: index('[bins]', () => ({ low: 0, high: 2 ** 31 - 1 })),
      edges: { ...float(({ size }) => [size('bins') + 1]), ascending: true },
    },
    outputs: { y: float('[1]') },
  },
);
