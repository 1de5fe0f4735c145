import { describe, expect, test } from 'vitest';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import type { Acceptance, Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { record, simulation } from './clip_grad_norm.ts';

const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});
/** A depth whose gamma is `g` of sums of any length; shares are counted besides. */
const deep = (g: number) => ({ depth: () => g / (1 + g) / EPS - 1, ieee: false });
const exact = { depth: () => -1, ieee: false };

function accepted(inputs: Readonly<Record<string, Value>>, params: object, arithmetic = exact) {
  const all = { max_norm: 1, eps: 0, ...params };
  const of1 = record.acceptance(inputs, record.forward(inputs, all), all, arithmetic);
  return of1 as Readonly<Record<string, Acceptance>>;
}
function boundOf(acceptance: Acceptance | undefined): number {
  if (acceptance?.kind !== 'within') throw new RangeError('no bound');
  return acceptance.bound[0] as number;
}

test.each([
  // One invocation adds 1 after 1 to 2^24, where each is lost.
  [256, 4096],
  // The second of two has half of them by itself: the root of 2^24 + 128.
  [257, Math.fround(Math.sqrt(2 ** 24 + 128))],
])('a simulated norm of %d elements has shares of 256', (count, norm) => {
  const gpu = {
    add: (a: number, b: number) => Math.fround(a + b),
    mul: (a: number, b: number) => Math.fround(a * b),
    div: (a: number, b: number) => Math.fround(a / b),
    sqrt: (a: number) => Math.fround(Math.sqrt(a)),
  } as unknown as SimulatedGpu;
  const g0 = of(4096, ...new Array<number>(count - 1).fill(1));
  const clipped = simulation.forward(gpu, { g0 }, { max_norm: 1, eps: 0 }, 'shares');
  expect(clipped['norm']?.data[0]).toBe(norm);
});

describe('a simulated norm', () => {
  /** Divides to 0, so that a division shows. */
  const gpu = {
    add: (a: number, b: number) => a + b,
    mul: (a: number, b: number) => a * b,
    div: () => 0,
    sqrt: Math.sqrt,
  } as unknown as SimulatedGpu;
  const clipped = (max_norm: number, ...data: readonly number[]) => {
    const { norm, g0 } = simulation.forward(gpu, { g0: of(...data) }, { max_norm, eps: 1 }, '');
    return [norm?.data[0], ...(g0?.data ?? [])];
  };

  test('and eps may be as large as what is allowed, and no larger', () => {
    expect(clipped(6, 3, 4)).toEqual([5, 3, 4]);
    expect(clipped(5.5, 3, 4)).toEqual([5, 0, 0]);
  });

  test('is nothing where its square is below the smallest normal number', () => {
    expect([2 ** -63, 2 ** -64].map((g) => clipped(1, g)[0])).toEqual([2 ** -63, 0]);
  });
});

describe('the bound of a norm', () => {
  test('is half of what the sum is off, and 4.5 units of the root', () => {
    const { norm } = accepted({ g0: of(3, 4) }, {}, deep(0.25));
    expect(boundOf(norm)).toBeCloseTo(5 * (0.125 + 4.5 * EPS) * SECOND_ORDER, 10);
  });

  test('counts a rounding for each 64 gradients that are added', () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`g${i}`, of(1)]));
    const units = (count: number) =>
      boundOf(accepted(many(count), {}, { depth: () => 0, ieee: false })['norm']) /
      (Math.sqrt(count) * EPS * SECOND_ORDER);
    expect([64, 65, 128, 129].map((count) => Math.round(100 * units(count)))).toEqual([
      500, 550, 550, 600,
    ]);
  });

  test('of zeros is the root of what is flushed', () => {
    const { norm } = accepted({ g0: of(0, 0) }, {});
    expect(boundOf(norm)).toBe(Math.sqrt(7 * FLUSH));
    // Where the norm is larger than that root, what is flushed weighs less.
    const tiny = 2 ** -60;
    const relative = boundOf(accepted({ g0: of(tiny) }, {})['norm']);
    expect(relative).toBeCloseTo(tiny * 4.5 * EPS * SECOND_ORDER + (4 * FLUSH) / tiny, 28);
  });

  test('is infinite where a sum of squares overflows', () => {
    expect(boundOf(accepted({ g0: of(2 ** 64) }, {})['norm'])).toBe(Infinity);
    expect(boundOf(accepted({ g0: of(2 ** 63) }, {})['norm'])).toBeLessThan(2 ** 50);
  });
});

describe('the bound of a gradient', () => {
  test('is what the scale is off, where it is clipped', () => {
    const { g0 } = accepted({ g0: of(30, 40) }, { max_norm: 1 }, deep(0.25));
    const norm = 50 * (0.125 + 4.5 * EPS) * SECOND_ORDER;
    const relative = norm / 50 + 3.5 * EPS * SECOND_ORDER;
    const scale = ((1 / 50) * relative) / (1 - relative);
    expect(boundOf(g0)).toBeCloseTo(30 * scale + EPS * 0.6 * SECOND_ORDER, 12);
  });

  test('is nothing where it is not clipped for certain', () => {
    const { g0 } = accepted({ g0: of(3, 4) }, { max_norm: 10 }, deep(0.25));
    expect(boundOf(g0)).toBe(FLUSH);
    // A norm that may be an eighth larger: 5.6 may clip, 5.8 may not.
    const near = (max_norm: number) =>
      boundOf(accepted({ g0: of(3, 4) }, { max_norm }, deep(0.25))['g0']);
    expect([5.6, 5.8].map((max_norm) => near(max_norm) > FLUSH)).toEqual([true, false]);
  });

  test('is nothing where its largest scale is 1 to the last digit', () => {
    // A norm of 5 that is off by a half of itself, which doubles the scale.
    const half = deep(0.9989990916523662);
    const bound = (max_norm: number) =>
      boundOf(accepted({ g0: of(3, 4) }, { max_norm }, half)['g0']);
    expect(bound(10)).toBe(FLUSH);
    expect(bound(9.99999)).toBeGreaterThan(2.9);
  });

  test('is all of it where the norm may be as far off as it is large', () => {
    const all = deep(1.9980000906533644);
    const { g0 } = accepted({ g0: of(3, 4) }, { max_norm: 1 }, all);
    expect(boundOf(g0)).toBeCloseTo(3, 5);
  });

  test('is all of it where the norm may be nothing', () => {
    const { g0 } = accepted({ g0: of(3, 4) }, { max_norm: 1 }, deep(3));
    expect(boundOf(g0)).toBeCloseTo(3, 5);
  });
});

test('of gradients that are not finite each is what it is', () => {
  const { g0, norm } = accepted({ g0: of(Number.NaN, 1) }, {});
  if (g0?.kind !== 'codes' || norm?.kind !== 'codes') throw new RangeError('no codes');
  expect([Number.NaN, 0, 1].map((x) => g0.accepts(0, x))).toEqual([true, false, false]);
  const infinite = accepted({ g0: of(Infinity, 1) }, {});
  const rules = infinite['g0'];
  if (rules?.kind !== 'codes') throw new RangeError('no codes');
  // 1 times 0, and infinity times 0.
  expect([Number.NaN, 0, 1].map((x) => rules.accepts(1, x))).toEqual([false, true, false]);
  expect([Number.NaN, 0, 1].map((x) => rules.accepts(0, x))).toEqual([true, false, false]);
});
