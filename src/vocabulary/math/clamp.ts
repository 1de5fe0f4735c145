import type { Shape } from '../../tensor/shape.ts';
import { asOperands } from '../promotion.ts';
import { type Known, none, numeric, optional, stored } from '../rules.ts';
import { broadcastsTo } from '../shapes.ts';
import { signature } from '../signature.ts';

const asBound = ({ shape }: Known<object>, actual: Shape) => broadcastsTo(actual, shape('x'));

/** y = x between tensors, which broadcast to it; `clip` has numbers for bounds. */
export const clamp = signature({ family: 'math', name: 'clamp' }, none, {
  inputs: { x: numeric('[*x]'), min: optional(numeric(asBound)), max: optional(numeric(asBound)) },
  outputs: { y: stored(numeric('[*x]'), asOperands) },
  gradients: ['x', 'min', 'max'],
});
