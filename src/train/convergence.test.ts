import { expect, test } from 'vitest';
import { checkConvergence } from './convergence.ts';

test.each([
  [[4, 4, 2, 1.9], 2, 0.5, true],
  [[4, 4, 2, 2], 2, 0.5, false],
  // Without a threshold a tenth.
  [[10, 10, 8.9995, 8.9995], 2, undefined, true],
  [[10, 10, 9, 9], 2, undefined, false],
  [[10, 10, 9.5, 9.5], 2, undefined, false],
  // Every loss of both windows counts, and none between them.
  [[10, 2, 5, 5], 2, undefined, true],
  [[2, 10, 5, 5], 2, undefined, true],
  [[10, 10, 12, 8], 2, undefined, false],
  [[10, 10, 20, 20, 8, 8], 2, undefined, true],
  [[10, 10, 8, 8], 2, undefined, true],
  [[10, 8.9995], 1, undefined, true],
  // Too few.
  [[9, 9, 9, 1, 1], 3, undefined, false],
  [[9, 1], 2, undefined, false],
  // A number that is none, wherever it stands.
  [[4, Number.NaN, 1], 1, undefined, false],
])('whether %j falls from its first %i losses to its last by %j is %j', (...row) => {
  const [losses, window, threshold, answer] = row;
  const rule = threshold === undefined ? { window } : { window, threshold };
  expect(checkConvergence(losses, rule)).toBe(answer);
});
