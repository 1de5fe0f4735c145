import { asSum } from '../promotion.ts';
import { numeric, stored } from '../rules.ts';
import { reduction } from './reduction.ts';

/** The sum over some axes; of integers in 32 bits. */
export const reduceSum = reduction('reduce_sum', {
  x: numeric,
  y: (shape) => stored({ ...numeric(shape), native: ['f32', 'i32'] }, asSum),
});
