import { codes, float, none } from '../rules.ts';
import { broadcast } from '../shapes.ts';
import { signature } from '../signature.ts';

/** y = a where the condition is not 0, else b, with broadcasting. */
export const where = signature({ family: 'math', name: 'where' }, none, {
  inputs: { condition: codes('[*condition]'), a: float('[*a]'), b: float('[*b]') },
  outputs: {
    y: float(({ shape }) => broadcast(broadcast(shape('condition'), shape('a')), shape('b'))),
  },
  gradients: ['a', 'b'],
});
