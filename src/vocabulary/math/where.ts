import { asOperands } from '../promotion.ts';
import { codes, none, numeric, stored } from '../rules.ts';
import { broadcast } from '../shapes.ts';
import { signature } from '../signature.ts';

/** y = a where the condition is not 0, else b, with broadcasting. */
export const where = signature({ family: 'math', name: 'where' }, none, {
  inputs: { condition: codes('[*condition]'), a: numeric('[*a]'), b: numeric('[*b]') },
  outputs: {
    y: stored(
      numeric(({ shape }) => broadcast(broadcast(shape('condition'), shape('a')), shape('b'))),
      asOperands,
    ),
  },
  gradients: ['a', 'b'],
});
