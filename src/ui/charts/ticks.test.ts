import { scaleLinear } from 'd3-scale';
import { expect, test } from 'vitest';
import { stepTicks, valueTicks } from './ticks.ts';

const whole = (value: number) => value.toFixed(0);
const wordsOf = (ticks: readonly { readonly words: string }[]) => ticks.map(({ words }) => words);

test('no two ticks say the same, however few are left, and each says where it is', () => {
  for (const top of [1, 1.3, 2.1, 3, 40, 0.3]) {
    const words = wordsOf(valueTicks(scaleLinear([0, top], [0, 100]), 4, whole));
    expect(new Set(words).size, `${top}`).toBe(words.length);
    expect(words[0]).toBe('0');
  }
  const one = valueTicks(scaleLinear([0, 1], [0, 100]), 4, whole);
  expect(one).toEqual([
    { at: 0, words: '0' },
    { at: 100, words: '1' },
  ]);
  expect(wordsOf(valueTicks(scaleLinear([0, 1], [0, 100]), 4, String))).toHaveLength(6);
});

test('a run of a few steps has a tick for each, and none between', () => {
  expect(wordsOf(stepTicks(scaleLinear([0, 2], [0, 100]), 6, String))).toEqual(['0', '1', '2']);
  expect(wordsOf(stepTicks(scaleLinear([0, 300], [0, 100]), 6, String))).toContain('50');
});
