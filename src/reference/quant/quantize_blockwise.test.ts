import { describe, expect, test } from 'vitest';
import { EPS, FLUSH } from '../bounds.ts';
import type { Value } from '../record.ts';
import { record } from './quantize_blockwise.ts';

const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});
const inputs = { x: of(4, -2, 0, 0, 1), code: of(-1, 0, 0.5, 1) };
const params = { blocksize: 2, rounding: 'nearest' } as const;

test('each block is relative to its largest element, and a tie goes to the lower code', () => {
  expect(record.forward(inputs, params)).toEqual({
    q: of(3, 0, 1, 1, 3),
    absmax: of(4, 0, 1),
    dequant: of(4, -4, 0, 0, 1),
  });
});

describe('what is right of the codes of blocks', () => {
  const acceptedBy = (ieee: boolean) => {
    const arithmetic = { depth: (terms: number) => terms, ieee };
    const { q, dequant, absmax } = record.acceptance(
      inputs,
      record.forward(inputs, params),
      params,
      arithmetic,
    );
    if (q?.kind !== 'codes' || dequant?.kind !== 'within') throw new TypeError('no codes');
    const right = [0, 1, 2, 3, 4].map((i) =>
      [-1, 0, 0.5, 1, 2, 3, 4].filter((code) => q.accepts(i, code)),
    );
    return { right, inBand: q.inBand, dequant, absmax };
  };

  test('is either code at a threshold, and any in a block of zeros', () => {
    const { right, inBand, dequant, absmax } = acceptedBy(false);
    const any = [0, 1, 2, 3];
    expect(right).toEqual([[3], [0, 1], any, any, [3]]);
    expect([inBand, absmax]).toEqual([3, { kind: 'exact' }]);
    const large = 4 * EPS + FLUSH;
    expect([...dequant.bound]).toEqual([large, large, FLUSH, FLUSH, EPS + FLUSH]);
    expect([-9, -0.1].map((x) => dequant.nearest?.(1, x))).toEqual([-4, 0]);
    expect(dequant.nearest?.(4, 0)).toBe(1);
  });

  test('is one code by IEEE arithmetic', () => {
    const { right, inBand } = acceptedBy(true);
    expect(right).toEqual([[3], [0], [1], [1], [3]]);
    expect(inBand).toBe(0);
  });
});

test('blocks that are no power of two from 32 on are not computed', () => {
  const refusalOf = (blocksize: number) => record.unsupported?.({}, { ...params, blocksize });
  expect([refusalOf(32), refusalOf(4096)]).toEqual([undefined, undefined]);
  expect(refusalOf(16)).toMatch(/^blocks of 16, /);
});
