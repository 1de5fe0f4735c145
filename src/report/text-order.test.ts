import { expect, test } from 'vitest';
import { compareTexts } from './text-order.ts';

test('texts are in the order of their code units', () => {
  expect([compareTexts('a', 'b'), compareTexts('b', 'a'), compareTexts('a', 'a')]).toEqual([
    -1, 1, 0,
  ]);
  expect(['ä', 'z', 'Z', 'a'].sort(compareTexts)).toEqual(['Z', 'a', 'z', 'ä']);
});
