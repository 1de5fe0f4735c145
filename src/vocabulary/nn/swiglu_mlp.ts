import { float, none } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = (silu(x gate^T) * (x up^T)) down^T. */
export const swigluMlp = signature({ family: 'nn', name: 'swiglu_mlp' }, none, {
  inputs: {
    x: float('[*t, hidden]'),
    gate: float('[inner, hidden]'),
    up: float('[inner, hidden]'),
    down: float('[out, inner]'),
  },
  outputs: { y: float('[*t, out]') },
  gradients: ['x', 'gate', 'up', 'down'],
});
