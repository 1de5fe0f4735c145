import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { filterOf, matchesGlob } from './filter.ts';

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
  expect(filterOf(filters)(id)).toBe(expected);
});

const word = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 });

test('a glob matches what the regular expression of the same meaning matches', () => {
  fc.assert(
    fc.property(word, word, (text, glob) => {
      expect(matchesGlob(text, glob)).toBe(
        new RegExp(`^${glob.replaceAll('.', '[.]').replaceAll('*', '.*')}$`).test(text),
      );
    }),
    { numRuns: 2000 },
  );
});

test('a glob that a regular expression would try for ever is answered at once', () => {
  const text = 'a'.repeat(10_000);
  expect(matchesGlob(text, `${'*a'.repeat(1000)}*b`)).toBe(false);
  expect(matchesGlob(text, `${'*a'.repeat(1000)}*`)).toBe(true);
});
