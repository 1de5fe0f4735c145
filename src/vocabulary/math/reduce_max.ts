import { asOperands } from '../promotion.ts';
import { numeric, stored } from '../rules.ts';
import { chosen } from '../shapes.ts';
import { reduction } from './reduction.ts';

/** The largest element over some axes. */
export const reduceMax = reduction('reduce_max', {
  x: numeric,
  y: (shape) => stored(numeric(shape), asOperands),
  rest: chosen,
});
