import { expect, test } from 'vitest';
import { matchesFilters } from './filter.ts';

const id = 'ops.matmul.matmul:exact;a=37x53;b=53x29';

test.each([
  [[], true],
  [['*'], true],
  [['ops.matmul.*'], true],
  [['ops.matmul'], false],
  [['*exact*', '!*b=53x29'], false],
  [['!*legal*'], true],
  [['quant*', '*a=37x53*'], true],
  [['ops.matmul.matmul:exact;a=37x53;b=53x29'], true],
  [['opsXmatmulXmatmul*'], false],
] as const)('filters %j give %s', (filters, expected) => {
  expect(matchesFilters(id, filters)).toBe(expected);
});
