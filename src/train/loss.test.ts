import { expect, test } from 'vitest';
import { hostTensorFrom } from '../tensor/host.ts';
import { askedOf } from './loss.ts';

test.each([
  [[2, 3], false, 5],
  [[2, 3], true, 3],
  [[6], false, 5],
  [[6], true, 4],
])('of labels %j, shifted: %j, %i are asked for', (shape, shift, asked) => {
  const labels = hostTensorFrom('i32', shape, [0, -100, 4, 7, 1, 0]);
  expect(askedOf({ inputs: {}, labels }, shift)).toBe(asked);
});
