import { float, index, none, optional } from '../rules.ts';
import { signature } from '../signature.ts';

/** How many elements lie in each bin, added to earlier counts. */
export const histogram = signature({ family: 'math', name: 'histogram', inBundles: false }, none, {
  inputs: {
    x: float('[*x]'),
    edges: { ...float('[e]'), ascending: true },
    counts: optional(index(({ size }) => [size('e') - 1])),
  },
  outputs: { counts: index(({ size }) => [size('e') - 1]) },
});
