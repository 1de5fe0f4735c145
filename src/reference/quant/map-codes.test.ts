import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDynamicMap } from '../../quant/dynamic/map.ts';
import { EPS } from '../bounds.ts';
import { mapCode, mapCodeRange, nearestCode } from './map-codes.ts';

const map = createDynamicMap(true);
const share = fc.float({ noNaN: true, min: -1, max: 1 });

/** By the definition: the first of the nearest. */
function searched(y: number): number {
  const distances = Array.from(map, (x) => Math.abs(x - y));
  return distances.indexOf(Math.min(...distances));
}

describe('nearestCode', () => {
  test('finds the nearest value, the lower of two', () => {
    fc.assert(
      fc.property(share, (y) => {
        expect(nearestCode(map, y)).toBe(searched(y));
      }),
    );
    expect(nearestCode(map, (map[128] as number) / 2)).toBe(127);
    expect(nearestCode(map, (map[126] as number) / 2)).toBe(126);
  });

  test('gives the ends beyond the ends', () => {
    expect([nearestCode(map, -1), nearestCode(map, 1), nearestCode(map, 2)]).toEqual([0, 255, 255]);
  });
});

describe('lut16', () => {
  test('takes zero to code 131 and -1 to code 0, as the library does', () => {
    expect([mapCode(map, 0, 'lut16'), mapCode(map, -1, 'lut16'), mapCode(map, 1, 'lut16')]).toEqual(
      [131, 0, 255],
    );
  });

  test('is at most 3.1e-5 further away than the nearest value', () => {
    fc.assert(
      fc.property(share, (y) => {
        const error = (code: number) => Math.abs((map[code] as number) - y);
        expect(error(mapCode(map, y, 'lut16'))).toBeLessThanOrEqual(
          error(nearestCode(map, y)) + 3.1e-5,
        );
      }),
    );
  });
});

describe('a table of 65,535 steps', () => {
  /** Of two values, which are told apart at 0: half way between two of its steps. */
  const signs = [-1, 1];
  const step = 1 / 32_767.5;

  test('takes what is half way to the step above', () => {
    expect([-1e-9, 0, 1e-9].map((y) => mapCode(signs, y, 'lut16'))).toEqual([0, 1, 1]);
  });

  test('has a position that is three roundings of 2^-8 off', () => {
    const roundings = [-3.01, -2.99, 2.99, 3.01].map((n) => (n / 256) * step);
    expect(roundings.map((y) => mapCodeRange(signs, y, 0, 'lut16', true))).toEqual([
      [0, 0],
      [0, 1],
      [0, 1],
      [1, 1],
    ]);
  });

  test('is as far off as what it is asked for', () => {
    const error = 100 * step;
    const near = [-100.02, -100, 100, 100.02].map((n) => n * step);
    expect(near.map((y) => mapCodeRange(signs, y, error, 'lut16', true))).toEqual([
      [0, 0],
      [0, 1],
      [0, 1],
      [1, 1],
    ]);
  });
});

test('an entry of a table may be that of a value 4.5 units away, but in IEEE arithmetic', () => {
  const entry = Math.fround(32_768 / 32_767.5) - 1;
  const of = (n: number, ieee: boolean) => {
    const middle = entry + n * EPS;
    return mapCodeRange([-1, 1 + 2 * middle], entry, 0, 'lut16', ieee);
  };
  expect([-4.6, -4.4, 4.4, 4.6].map((n) => of(n, false))).toEqual([
    [1, 1],
    [0, 1],
    [0, 1],
    [0, 0],
  ]);
  expect([-0.1, 0.1].map((n) => of(n, true))).toEqual([
    [1, 1],
    [0, 0],
  ]);
});

test('a code of the nearest value may be the next within an error and 4.5 units', () => {
  const signs = [-1, 1];
  const of = (n: number, ieee: boolean) => mapCodeRange(signs, n * EPS, 2 * EPS, 'nearest', ieee);
  expect([-6.51, -6.49, 6.49, 6.51].map((n) => of(n, false))).toEqual([
    [0, 0],
    [0, 1],
    [0, 1],
    [1, 1],
  ]);
  expect([-2.01, -1.99, 1.99, 2.01].map((n) => of(n, true))).toEqual([
    [0, 0],
    [0, 1],
    [0, 1],
    [1, 1],
  ]);
});

test.each(['nearest', 'lut16'] as const)(
  'the range of right codes holds the code of every value in reach (%s)',
  (rounding) => {
    fc.assert(
      fc.property(
        share,
        fc.double({ min: 0, max: 1e-3, noNaN: true }),
        fc.double({ min: -1, max: 1, noNaN: true }),
        (y, error, part) => {
          for (const ieee of [true, false]) {
            const [low, high] = mapCodeRange(map, y, error, rounding, ieee);
            const code = mapCode(map, y + part * error, rounding);
            expect(code).toBeGreaterThanOrEqual(low);
            expect(code).toBeLessThanOrEqual(high);
          }
        },
      ),
    );
  },
);
