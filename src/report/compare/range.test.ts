import { describe, expect, test } from 'vitest';
import { isAbove, pace, type TimeFigure, timeOf } from './range.ts';

const TIMING = {
  source: 'timestamp',
  quantumNs: 500_000,
  samples: 9,
  coldMs: 20,
  medianMs: 7,
  minMs: 5,
} as const;

describe('the range of a measured time', () => {
  test('is its interval, wider by the clock’s quantum at both ends', () => {
    // 500,000 ns are half a millisecond.
    const time = { source: 'timestamp', medianMs: 7, range: { low: 5.5, high: 9.5 } };
    expect(timeOf({ ...TIMING, ciMs: [6, 9] })).toEqual(time);
    expect(timeOf({ ...TIMING, ciMs: [9, 6] })).toEqual(time);
  });

  test.each([[[]], [[6]]])('is not known where the interval is %j', (ciMs) => {
    expect(timeOf({ ...TIMING, ciMs })).toEqual({
      source: 'timestamp',
      medianMs: 7,
      range: undefined,
    });
  });
});

test('a range is above another only if all of it is', () => {
  const low = { low: 1, high: 2 };
  expect(isAbove({ low: 2.5, high: 3 }, low)).toBe(true);
  expect(isAbove({ low: 2, high: 3 }, low)).toBe(false);
  expect(isAbove(low, { low: 2.5, high: 3 })).toBe(false);
});

test('a time is slower, faster or the same where both ranges are of one clock', () => {
  const of = (low: number, high: number, source: TimeFigure['source'] = 'wall'): TimeFigure => ({
    medianMs: 0,
    range: { low, high },
    source,
  });
  const unknown: TimeFigure = { medianMs: 0, range: undefined, source: 'wall' };
  expect(pace(of(1, 2), of(3, 4))).toBe('slower');
  expect(pace(of(3, 4), of(1, 2))).toBe('faster');
  expect(pace(of(1, 3), of(2, 4))).toBe('same');
  expect(pace(of(1, 2), of(3, 4, 'timestamp'))).toBeUndefined();
  expect(pace(unknown, of(1, 2))).toBeUndefined();
  expect(pace(of(1, 2), unknown)).toBeUndefined();
  expect(pace(undefined, of(1, 2))).toBeUndefined();
  expect(pace(of(1, 2), undefined)).toBeUndefined();
});
