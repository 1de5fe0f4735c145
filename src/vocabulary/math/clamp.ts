import { asOperands } from '../promotion.ts';
import { type Known, none, numeric, optional, stored } from '../rules.ts';
import { broadcast } from '../shapes.ts';
import { signature } from '../signature.ts';

/** What is bounded: x as far as the bounds that are there repeat it. */
const meeting = ({ shape, has }: Known<object>) =>
  (['min', 'max'] as const).reduce(
    (y, name) => (has(name) ? broadcast(y, shape(name)) : y),
    shape('x'),
  );

/** y = x between tensors, with broadcasting; `clip` has numbers for bounds. */
export const clamp = signature({ family: 'math', name: 'clamp' }, none, {
  inputs: {
    x: numeric('[*x]'),
    min: optional(numeric('[*min]')),
    max: optional(numeric('[*max]')),
  },
  outputs: { y: stored(numeric(meeting), asOperands) },
  gradients: ['x', 'min', 'max'],
});
