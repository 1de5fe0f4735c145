import * as v from 'valibot';
import { float, fraction, off } from '../rules.ts';
import { channelShape } from '../shapes.ts';
import { signature } from '../signature.ts';

/** The value below which the share q of the elements lies, linear between two neighbours. */
export const quantile = signature(
  { family: 'math', name: 'quantile' },
  v.strictObject({
    q: fraction,
    /** Whether magnitudes are taken. */
    absolute: off,
    /** Whether each index of the first dimension has a quantile of its own. */
    per_channel: off,
  }),
  {
    inputs: { x: float('[*x]') },
    outputs: {
      y: float(({ shape, params }) => (params.per_channel ? channelShape(shape('x')) : [1])),
    },
  },
);
