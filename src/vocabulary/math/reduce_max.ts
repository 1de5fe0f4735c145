import { asOperands } from '../promotion.ts';
import { numeric, ordered, stored } from '../rules.ts';
import { chosen } from '../shapes.ts';
import { reduction } from './reduction.ts';

/** The largest element over some axes. */
export const reduceMax = reduction('reduce_max', {
  x: (shape) => ordered(numeric(shape)),
  y: (shape) => stored(numeric(shape), asOperands),
  rest: chosen,
});
