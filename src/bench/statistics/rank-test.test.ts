import { describe, expect, test } from 'vitest';
import { Random } from '../../tensor/random.ts';
import { chanceOfRanks, countedChance, normalChance } from './rank-test.ts';

const rising = (count: number, start = 0) => Array.from({ length: count }, (_, i) => start + i);

describe('the chance of ranks', () => {
  test.each([5, 20, 28, 29, 300, 600, 1000])('of %i samples beside themselves is a half', (n) => {
    expect(chanceOfRanks(rising(n), rising(n))).toBeGreaterThanOrEqual(0.5);
    // More by half of what the middle count itself has: less than 1 in 2 times the deviation.
    const deviation = Math.sqrt((n * n * (2 * n + 1)) / 12);
    expect(chanceOfRanks(rising(n), rising(n))).toBeLessThan(0.5 + 0.5 / deviation);
  });

  test('is small, and no less than nothing, where all of many are later', () => {
    const chance = chanceOfRanks(rising(500, 1000), rising(500));
    expect(chance).toBeGreaterThan(0);
    expect(chance).toBeLessThan(1e-100);
    expect(chanceOfRanks(rising(500), rising(500, 1000))).toBe(1);
  });

  test('is the same by counting and by the normal distribution where both reach', () => {
    for (const [m, n] of [
      [28, 28],
      [20, 33],
      [33, 20],
    ] as const) {
      const deviation = Math.sqrt((m * n * (m + n + 1)) / 12);
      for (let z = -3; z <= 3; z += 0.125) {
        const u = Math.round((m * n) / 2 + z * deviation);
        const counted = countedChance(u, m, n);
        const normal = normalChance(u, rising(m), rising(n, 0.5));
        expect(Math.abs(normal - counted), `${m} and ${n}, z = ${z}`).toBeLessThan(0.002);
        // The rule asks for 0.01: there the normal distribution is the more careful one.
        if (counted > 0.002 && counted < 0.02) expect(normal).toBeGreaterThan(counted);
      }
    }
  });

  test('is that of samples of one distribution, equal ones among them', () => {
    const random = new Random(7);
    const drawn = () => rising(60).map(() => random.integer(0, 4));
    const draws = 500;
    let unlikely = 0;
    for (let i = 0; i < draws; i++) if (chanceOfRanks(drawn(), drawn()) <= 0.05) unlikely++;
    const share = unlikely / draws;
    expect(Math.abs(share - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / draws));
    expect(chanceOfRanks(new Array(60).fill(1), new Array(60).fill(1))).toBe(1);
  });
});
