import { expect, test } from 'vitest';
import { multiplyAddsOf, roundsFor, sumBytes } from './multiply-adds.ts';

const MEGA = 1e6;

test('small products are held to as many rounds as leave a workgroup full', () => {
  expect(roundsFor(1)).toEqual([1]);
  expect(roundsFor(2 * 37 * 53 * 29)).toEqual([1]);
  expect(roundsFor(2 * 128 ** 3)).toEqual([1, 4, 16]);
  expect(roundsFor(200 * MEGA)).toEqual([1, 4, 16, 64]);
});

test('large ones leave no more sums than fit, whatever is asked for', () => {
  expect(roundsFor(2 ** 37)).toEqual([16, 64]);
  expect(roundsFor(2 ** 44)).toEqual([64]);
  for (const rounds of roundsFor(2 ** 37))
    expect(sumBytes(multiplyAddsOf(2 ** 37, rounds))).toBeLessThanOrEqual(2 ** 25);
});

test('no way has fewer operations than asked for, nor a workgroup more than needed', () => {
  const flops = 2 * 200 * 333 * 77;
  for (const rounds of roundsFor(flops)) {
    const { invocations } = multiplyAddsOf(flops, rounds);
    const each = 2 * 12 * 64 * rounds;
    expect(invocations % 64).toBe(0);
    expect(invocations * each).toBeGreaterThanOrEqual(flops);
    expect((invocations - 64) * each).toBeLessThan(flops);
  }
});
