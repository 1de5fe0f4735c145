import { describe, expect, test } from 'vitest';
import { philox } from './philox.ts';
import { Random } from './random.ts';

/** The first words of a stream. */
const words = (seed: number, stream: number) => philox([0, 0, 0, 0], [seed, stream]);
/** A word as a share of 1, in steps of 2^-24. */
const shareOf = (word: number) => Math.floor(word / 256) / 16_777_216;

describe('draws are made of the words of a stream', () => {
  const [first, second] = words(9, 4) as unknown as [number, number];

  test('a uniform number by the upper 24 bits', () => {
    expect(new Random(9, 4).uniform()).toBe(shareOf(first));
    expect(new Random(9, 4).uniform(-3, 5)).toBe(-3 + 8 * shareOf(first));
    expect(new Random(9).uniform()).toBe(shareOf(words(9, 0)[0]));
  });

  test('an integer by what is left, both ends included', () => {
    expect(new Random(9, 4).integer(-2, 9)).toBe(-2 + (first % 12));
    const random = new Random(1);
    const drawn = new Set(random.fill(200, () => random.integer(3, 5)));
    expect([...drawn].sort()).toEqual([3, 4, 5]);
    expect(random.integer(7, 7)).toBe(7);
  });

  test('a normal number by Box and Muller', () => {
    const radius = Math.sqrt(-2 * Math.log(1 - shareOf(first)));
    const normal = radius * Math.cos(2 * Math.PI * shareOf(second));
    expect(new Random(9, 4).normal()).toBeCloseTo(normal, 12);
    expect(new Random(9, 4).normal(3)).toBeCloseTo(3 * normal, 12);
  });

  test('many in the order of the words', () => {
    const random = new Random(9, 4);
    const both = random.fill(2, () => random.word());
    expect([...both]).toEqual([first, second]);
  });
});
