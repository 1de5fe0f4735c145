import { describe, expect, test } from 'vitest';
import { rowsAtOnce } from './rows.ts';

describe('rows that are quantized at once', () => {
  test('are all where they fit, and else a multiple of 32', () => {
    expect(rowsAtOnce([75, 256], 75 * 1024)).toBe(75);
    expect(rowsAtOnce([75, 256], 75 * 1024 - 1)).toBe(64);
    expect(rowsAtOnce([75, 16, 16], 63 * 1024)).toBe(32);
    expect(rowsAtOnce([8193, 4096], 2 ** 27)).toBe(8192);
  });

  test('are none where 32 do not fit, unless these are all', () => {
    expect(rowsAtOnce([75, 256], 31 * 1024)).toBe(0);
    expect(rowsAtOnce([31, 256], 31 * 1024)).toBe(31);
  });
});
