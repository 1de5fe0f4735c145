import { expect, test } from 'vitest';
import { heldAs } from '../tensor/half.ts';
import { EPS, FLUSH, LARGEST } from './bounds.ts';
import { IN_FLOAT32, IN_HALVES } from './rounding.ts';

test('a number kept in halves is off by the unit, or below the range by what is flushed', () => {
  expect(IN_FLOAT32).toEqual({ eps: EPS, flush: FLUSH, largest: LARGEST });
  for (const dtype of ['f16', 'bf16'] as const) {
    const { eps, flush, largest } = IN_HALVES[dtype];
    // Ties between two numbers are the farthest from both; the second order is a sixteenth.
    const tie = dtype === 'f16' ? 2 ** -11 : 2 ** -8;
    expect(heldAs(dtype, 1 + tie)).toBe(1);
    expect(eps).toBe(tie * (17 / 16));
    expect(heldAs(dtype, largest)).toBe(largest);
    expect(heldAs(dtype, largest * (1 + tie))).toBe(Infinity);
    expect(heldAs(dtype, 1.5 * flush)).not.toBe(0);
  }
  expect(heldAs('f16', IN_HALVES.f16.flush)).toBe(0);
  expect(IN_HALVES.bf16.flush).toBe(FLUSH);
});
