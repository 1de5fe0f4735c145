import { expect, test } from 'vitest';
import { Random } from '../tensor/random.ts';
import { NumberSet } from './number-set.ts';

test.each([0, 1, 2, 6, 7, 8, 40])('finds what a list of the numbers to %i would', (most) => {
  const set = new NumberSet(most);
  const listed = new Set<number>();
  const random = new Random(most);
  for (let turn = 0; turn < 300; turn++) {
    const number = random.integer(0, most);
    const change = listed.has(number) ? 'delete' : 'add';
    listed[change](number);
    set[change](number);
    for (let from = 0; from <= most; from++) {
      const larger = [...listed].filter((one) => one >= from);
      expect(set.leastFrom(from)).toBe(larger.length > 0 ? Math.min(...larger) : undefined);
    }
  }
});
