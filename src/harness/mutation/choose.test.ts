import { expect, test } from 'vitest';
import { choose } from './choose.ts';
import type { Mutant } from './mutants.ts';

/** Mutants named by the first letter of their operator, on lines from 1. */
const mutantsOf = (operators: string): readonly Mutant[] =>
  [...operators].map((operator, i) => ({
    file: 'nn/silu',
    operator,
    line: i + 1,
    n: 1,
    start: i,
    end: i + 1,
    replacement: '',
  }));
const linesOf = (chosen: readonly Mutant[]) => chosen.map(({ line }) => line);

test('what is taken of one operator is spread over the lines', () => {
  const all = mutantsOf('aaaaaaaa');
  // By the bits of the index in reverse: 0, 4, 2, 6, 1, 5, 3, 7.
  expect(linesOf(choose(all, 1))).toEqual([1]);
  expect(linesOf(choose(all, 2))).toEqual([1, 5]);
  expect(linesOf(choose(all, 3))).toEqual([1, 3, 5]);
  expect(linesOf(choose(all, 5))).toEqual([1, 2, 3, 5, 7]);
});

test('the operators take turns, so that rare ones are all there', () => {
  expect(linesOf(choose(mutantsOf('aaaabc'), 3))).toEqual([1, 5, 6]);
  expect(linesOf(choose(mutantsOf('aaaabc'), 4))).toEqual([1, 3, 5, 6]);
  expect(linesOf(choose(mutantsOf('abab'), 3))).toEqual([1, 2, 3]);
});

test('all are taken where there are no more, and sixteen by default', () => {
  expect(linesOf(choose(mutantsOf('aba'), 3))).toEqual([1, 2, 3]);
  expect(linesOf(choose(mutantsOf('aba'), 4))).toEqual([1, 2, 3]);
  expect(choose([], 4)).toEqual([]);
  expect(choose(mutantsOf('a'.repeat(17)))).toHaveLength(16);
});
