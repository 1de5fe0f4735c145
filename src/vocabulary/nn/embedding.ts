import { float, index, none } from '../rules.ts';
import { signature } from '../signature.ts';

/** Rows of a table, by their indices. */
export const embedding = signature({ family: 'nn', name: 'embedding' }, none, {
  inputs: {
    weight: float('[rows, width]'),
    ids: index('[*t]', ({ size }) => ({ low: 0, high: size('rows') - 1 })),
  },
  outputs: { y: float('[*t, width]') },
  gradients: ['weight'],
});
