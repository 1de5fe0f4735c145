import type { Shape } from '../../tensor/shape.ts';
import { float, type Known, none, optional } from '../rules.ts';
import { broadcastsTo } from '../shapes.ts';
import { signature } from '../signature.ts';

const asBound = ({ shape }: Known<object>, actual: Shape) => broadcastsTo(actual, shape('x'));

/** y = x between tensors, which broadcast to it; `clip` has numbers for bounds. */
export const clamp = signature({ family: 'math', name: 'clamp' }, none, {
  inputs: { x: float('[*x]'), min: optional(float(asBound)), max: optional(float(asBound)) },
  outputs: { y: float('[*x]') },
  gradients: ['x', 'min', 'max'],
});
