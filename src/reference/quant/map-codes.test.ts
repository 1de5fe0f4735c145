import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDynamicMap } from '../../quant/dynamic/map.ts';
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
