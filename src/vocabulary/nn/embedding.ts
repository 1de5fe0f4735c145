import * as v from 'valibot';
import { SignatureError } from '../error.ts';
import { float, index, integer } from '../rules.ts';
import { signature } from '../signature.ts';

/** Rows of a table, by their indices. */
export const embedding = signature(
  { family: 'nn', name: 'embedding' },
  v.strictObject({
    /** Row that takes no gradient; negative ones count from the last. Default none. */
    padding_idx: v.exactOptional(integer),
  }),
  {
    inputs: {
      weight: float('[rows, width]'),
      ids: index('[*t]', ({ size }) => ({ low: 0, high: size('rows') - 1 })),
    },
    outputs: {
      y: float(({ shape, size, params: { padding_idx } }) => {
        const rows = size('rows');
        if (padding_idx !== undefined && (padding_idx < -rows || padding_idx >= rows))
          throw new SignatureError(`padding_idx ${padding_idx} is none of ${rows} rows`);
        return [...shape('ids'), size('width')];
      }),
    },
    gradients: ['weight'],
  },
);
