import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { floorTo32, neighbour, ROUNDINGS, ulp } from './rounding.ts';
import { SimulatedGpu } from './simulated-gpu.ts';

/** Every finite float32 and every sum of products of them is a whole number of 2^-298. */
const UNIT = 298n;

/** The float32 or float64 `x` times 2^298, exactly. */
function exact(x: number): bigint {
  let mantissa = x;
  let exponent = UNIT;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    exponent--;
  }
  return BigInt(mantissa) << exponent;
}

const float = fc.float({
  noNaN: true,
  noDefaultInfinity: true,
  min: Math.fround(-(2 ** 60)),
  max: 2 ** 60,
});
const magnitude = (x: bigint) => (x < 0n ? -x : x);

/** Checks that `actual` is how `rounding` rounds the number that is `truth` units. */
function expectRounded(actual: number, truth: bigint, rounding: string): void {
  const distance = (x: number) => magnitude(exact(x) - truth);
  if (rounding === 'nearest') {
    for (const other of [neighbour(actual, true), neighbour(actual, false)])
      expect(distance(actual)).toBeLessThanOrEqual(distance(other));
  }
  if (rounding === 'up') {
    expect(exact(actual)).toBeGreaterThanOrEqual(truth);
    expect(exact(neighbour(actual, false))).toBeLessThan(truth);
  }
  if (rounding === 'truncate') {
    expect(magnitude(exact(actual))).toBeLessThanOrEqual(magnitude(truth));
    expect(magnitude(exact(neighbour(actual, truth > 0n)))).toBeGreaterThan(
      truth === 0n ? -1n : magnitude(truth),
    );
  }
  if (exact(actual) !== truth) {
    // One of the two neighbours: nothing lies between.
    expect(exact(neighbour(actual, exact(actual) < truth)) > truth).toBe(exact(actual) < truth);
  }
}

describe.each(ROUNDINGS)('a simulated GPU that rounds: %s', (rounding) => {
  const gpu = new SimulatedGpu({ rounding, contraction: false, flush: false });
  const fused = new SimulatedGpu({ rounding, contraction: true, flush: false });

  test('adds, subtracts and multiplies to a neighbour of the exact result', () => {
    fc.assert(
      fc.property(float, float, (a, b) => {
        expectRounded(gpu.add(a, b), exact(a) + exact(b), rounding);
        expectRounded(gpu.sub(a, b), exact(a) - exact(b), rounding);
        expectRounded(gpu.mul(a, b), (exact(a) * exact(b)) >> UNIT, rounding);
      }),
    );
  });

  test('rounds once where it contracts, twice where it does not', () => {
    fc.assert(
      fc.property(float, float, float, (a, b, c) => {
        expectRounded(fused.mulAdd(a, b, c), ((exact(a) * exact(b)) >> UNIT) + exact(c), rounding);
        if (rounding !== 'random') expect(gpu.mulAdd(a, b, c)).toBe(gpu.add(gpu.mul(a, b), c));
      }),
    );
  });

  test('keeps the allowances of division, roots, exp and log', () => {
    const positive = fc.float({ noNaN: true, min: Math.fround(1e-6), max: Math.fround(1e6) });
    const within = (actual: number, truth: number, ulps: number) => {
      expect(Math.fround(actual)).toBe(actual);
      expect(Math.abs(actual - truth)).toBeLessThanOrEqual(ulps * ulp(truth));
    };
    fc.assert(
      fc.property(positive, positive, fc.float({ noNaN: true, min: -80, max: 80 }), (a, b, x) => {
        within(gpu.div(a, b), a / b, 2.5);
        within(gpu.inverseSqrt(a), 1 / Math.sqrt(a), 2);
        // 4.5 eps: 2 of inverseSqrt and 2.5 of the division; eps is up to two units.
        within(gpu.sqrt(a), Math.sqrt(a), 9);
        within(gpu.exp(x), Math.exp(x), 3 + 2 * Math.abs(x));
        const logarithm = gpu.log(a);
        if (a < 0.5 || a > 2) within(logarithm, Math.log(a), 3);
        else expect(Math.abs(logarithm - Math.log(a))).toBeLessThanOrEqual(2 ** -21);
      }),
    );
  });
});

test('the modes use up what they may', () => {
  const [up, down] = (['up', 'truncate'] as const).map(
    (rounding) => new SimulatedGpu({ rounding, contraction: false, flush: false }),
  );
  expect(up?.div(1, 3)).toBe(floorTo32(1 / 3 + 2.5 * 2 ** -25));
  expect(down?.div(1, 3)).toBe(-floorTo32(-(1 / 3 - 2.5 * 2 ** -25)));
  expect(up?.add(1, 2 ** -40)).toBe(1 + 2 ** -23);
  expect(down?.add(1, -(2 ** -40))).toBe(1 - 2 ** -24);
});

test('a random GPU rounds both ways, the same ways for the same seed', () => {
  const sums = (seed: number) => {
    const gpu = new SimulatedGpu({ rounding: 'random', contraction: false, flush: false }, seed);
    return Array.from({ length: 64 }, () => gpu.add(1, 2 ** -40));
  };
  expect(new Set(sums(1))).toEqual(new Set([1, 1 + 2 ** -23]));
  expect(sums(1)).toEqual(sums(1));
  expect(sums(1)).not.toEqual(sums(2));
});

test('denormals are kept or flushed, as operands and as results', () => {
  const [kept, flushed] = [false, true].map(
    (flush) => new SimulatedGpu({ rounding: 'nearest', contraction: false, flush }),
  );
  expect(kept?.mul(2 ** -100, 2 ** -30)).toBe(2 ** -130);
  expect(flushed?.mul(2 ** -100, 2 ** -30)).toBe(0);
  expect(kept?.mul(2 ** -130, 2 ** 30)).toBe(2 ** -100);
  expect(flushed?.mul(2 ** -130, 2 ** 30)).toBe(0);
});

test('a unit in the last place is the smaller one at a power of two, and the smallest denormal near zero', () => {
  expect([ulp(1), ulp(1.5), ulp(-2), ulp(3), ulp(2 ** -140), ulp(0)]).toEqual([
    2 ** -24,
    2 ** -23,
    2 ** -23,
    2 ** -22,
    2 ** -149,
    2 ** -149,
  ]);
});
