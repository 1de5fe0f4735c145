import { describe, expect, test } from 'vitest';
import { EPS, FLUSH } from '../bounds.ts';
import { exactly, heldIn, rangesIn, reach } from './ranges.ts';

const third = 1 / 3;

describe('by IEEE arithmetic', () => {
  const { add, sub, mul, div } = rangesIn('f32', true);

  test('a result of numbers that are known is float32 nearest to it', () => {
    expect(div(exactly(1), exactly(3))).toEqual(exactly(Math.fround(third)));
    expect(mul(exactly(0.1), exactly(3))).toEqual(exactly(Math.fround(0.1 * 3)));
    expect(add(exactly(2 ** 24), exactly(1))).toEqual(exactly(2 ** 24));
    expect(sub(exactly(2 ** 24 + 2), exactly(1))).toEqual(exactly(2 ** 24));
  });

  test('a range has the results of all in it', () => {
    const a = { low: -2, high: 3 };
    const b = { low: 5, high: 7 };
    expect(add(a, b)).toEqual({ low: 3, high: 10 });
    expect(sub(a, b)).toEqual({ low: -9, high: -2 });
    expect(mul(a, b)).toEqual({ low: -14, high: 21 });
    expect(mul({ low: -2, high: -1 }, { low: -4, high: 8 })).toEqual({ low: -16, high: 8 });
    expect(div({ low: -14, high: 35 }, { low: 2, high: 7 })).toEqual({ low: -7, high: 17.5 });
  });

  test('halves round once more', () => {
    const halves = rangesIn('f16', true);
    expect(halves.div(exactly(1), exactly(3))).toEqual(exactly(1365 / 4096));
    expect(rangesIn('bf16', true).add(exactly(256), exactly(1))).toEqual(exactly(256));
  });
});

describe('by arithmetic that WGSL allows', () => {
  const { add, sub, mul, div } = rangesIn('f32', false);

  test.each([
    ['a sum', add, 1, 4],
    ['a difference', sub, 1, 2],
    ['a product', mul, 1, 3],
    ['a quotient', div, 2.5, 3],
  ] as const)('%s is off by its units, and what is flushed', (_, of, units, result) => {
    const { low, high } = of(exactly(3), exactly(1));
    const off = units * EPS * result + FLUSH;
    expect([result - low, high - result]).toEqual([
      expect.closeTo(off, 12),
      expect.closeTo(off, 12),
    ]);
    expect(result - low).toBeGreaterThan(0.99 * off);
    expect(high - result).toBeGreaterThan(0.99 * off);
  });

  test('what is near zero may be flushed', () => {
    const { low, high } = mul(exactly(1e-30), exactly(1e-20));
    expect([low, high]).toEqual([-FLUSH, FLUSH].map((x) => expect.closeTo(x, 45)));
  });
});

test('the reach of a range is to its farther end', () => {
  expect([reach({ low: 1, high: 4 }, 2), reach({ low: 1, high: 4 }, 3.5)]).toEqual([2, 2.5]);
});

test('a tensor of halves holds the nearest one, any other the number itself', () => {
  expect([heldIn('f16', third), heldIn('bf16', third)]).toEqual([1365 / 4096, 171 / 512]);
  expect([heldIn('f32', third), heldIn(undefined, third)]).toEqual([third, third]);
});
