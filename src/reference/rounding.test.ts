import { expect, test } from 'vitest';
import { heldAs } from '../tensor/half.ts';
import { EPS, FLUSH, LARGEST } from './bounds.ts';
import { IN_FLOAT32, IN_HALVES } from './rounding.ts';

const tieOf = (dtype: 'f16' | 'bf16'): number => (dtype === 'f16' ? 2 ** -11 : 2 ** -8);

test('a number kept in halves is off by the unit, or below the range by what is flushed', () => {
  const { holds: _, ...numbers } = IN_FLOAT32;
  const units = { quotient: 2.5, root: 4.5 };
  expect(numbers).toEqual({ eps: EPS, flush: FLUSH, largest: LARGEST, ...units });
  for (const dtype of ['f16', 'bf16'] as const) {
    const { eps, flush, largest, holds } = IN_HALVES[dtype];
    expect([1 + 2 * tieOf(dtype), 1 + tieOf(dtype)].map(holds)).toEqual([true, false]);
    // Ties between two numbers are the farthest from both; the second order is a sixteenth.
    const tie = tieOf(dtype);
    expect(heldAs(dtype, 1 + tie)).toBe(1);
    expect(eps).toBe(tie * (17 / 16));
    expect(heldAs(dtype, largest)).toBe(largest);
    expect(heldAs(dtype, largest * (1 + tie))).toBe(Infinity);
    expect(heldAs(dtype, 1.5 * flush)).not.toBe(0);
  }
  expect(heldAs('f16', IN_HALVES.f16.flush)).toBe(0);
  expect(IN_HALVES.bf16.flush).toBe(FLUSH);
});
