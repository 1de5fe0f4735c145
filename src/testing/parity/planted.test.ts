import { describe, expect, test } from 'vitest';
import type { StoredDType } from '../../formats/safetensors/stored.ts';
import { Random } from '../../tensor/random.ts';
import { type Asked, changed, plantOne, worthOf } from './planted.ts';

const of = (data: readonly number[]) => ({ shape: [data.length], data: Float64Array.from(data) });

/** Recorded numbers that are right, each with its bound. */
const asked = (
  dtype: StoredDType,
  data: readonly number[],
  bounds: readonly number[] = data.map(() => 0),
  unjudged: readonly number[] = data.map(() => 0),
): Asked => ({
  dtype,
  actual: of(data),
  truth: of(data),
  unjudged: Uint8Array.from(unjudged),
  acceptance: { kind: 'within', bound: Float64Array.from(bounds) },
});

describe('a planted error', () => {
  test('is a hundredth of a number, of halves a tenth, as its format holds it', () => {
    expect(changed(200, 'F64')).toBe(202);
    expect(changed(0.1, 'F64')).toBe(0.1 * 1.01);
    expect(changed(0.1, 'F32')).toBe(Math.fround(0.1 * 1.01));
    expect(changed(10, 'F16')).toBe(11);
    expect(changed(-1, 'F16')).toBe(-1.099609375);
    expect(changed(1, 'BF16')).toBe(1.1015625);
  });

  test('is one of an integer, within its range', () => {
    expect(changed(0, 'I32')).toBe(1);
    expect(changed(-128, 'I8')).toBe(-127);
    expect(changed(255, 'I32')).toBe(256);
    expect(
      (['I8', 'U8', 'I32'] as const).map((dtype, i) =>
        changed([127, 255, 2147483647][i] ?? 0, dtype),
      ),
    ).toEqual([126, 254, 2147483646]);
  });

  test('is none of 0, of what is not finite, or where the format holds none', () => {
    expect([0, Number.NaN, Infinity].map((y) => changed(y, 'F32'))).toEqual(
      new Array(3).fill(undefined),
    );
    expect(changed(2 ** -24, 'F16')).toBeUndefined();
    expect(changed(65_504, 'F16')).toBeUndefined();
    expect(changed(3.4e38, 'F32')).toBeUndefined();
  });
});

test('every element counts that can be changed and is judged', () => {
  const some = asked('F32', [100, 100, 0, 100], [0, 2, 0, 0], [0, 0, 0, 1]);
  expect(worthOf([some, asked('I8', [3])])).toEqual({ planted: 3, noticed: 2 });
  expect(worthOf([])).toEqual({ planted: 0, noticed: 0 });
  // Of what was recorded in its place nothing could be changed.
  const zeroed = { ...asked('BF16', [1 + 2 ** -12, 100], [0, 11]), actual: of([0, 0]) };
  expect(worthOf([zeroed])).toEqual({ planted: 2, noticed: 1 });
  const exact = { ...asked('U8', [7]), acceptance: { kind: 'exact' } as const };
  expect(worthOf([exact])).toEqual({ planted: 1, noticed: 1 });
  const accepts = (i: number, y: number) => i === 1 && y === 8;
  const codes = {
    ...asked('U8', [7, 7]),
    acceptance: { kind: 'codes', accepts, inBand: 1 } as const,
  };
  expect(worthOf([codes])).toEqual({ planted: 2, noticed: 1 });
});

describe('one is planted', () => {
  const plant = (list: readonly Asked[], seed = 1) => plantOne(list, new Random(seed));

  test('in a drawn tensor, and noticed or not', () => {
    expect(plant([asked('F16', [10])])).toEqual({ dtype: 'F16', planted: 1, noticed: 1 });
    expect(plant([asked('F16', [10], [1])])).toEqual({ dtype: 'F16', planted: 1, noticed: 0 });
    const two = [asked('F32', [1]), asked('F64', [1])];
    const dtypes = new Set(Array.from({ length: 20 }, (_, seed) => plant(two, seed)?.dtype));
    expect([...dtypes].sort()).toEqual(['F32', 'F64']);
  });

  test('in a drawn element, or the next that can be changed', () => {
    const half = asked('F32', [100, 100], [0, 2]);
    const found = new Set(Array.from({ length: 20 }, (_, seed) => plant([half], seed)?.noticed));
    expect([...found].sort()).toEqual([0, 1]);
    const last = asked('F32', [0, 0, 0, 100]);
    const first = asked('F32', [100, 0, 0, 0]);
    for (let seed = 0; seed < 9; seed++)
      for (const one of [first, last]) expect(plant([one], seed)?.planted).toBe(1);
  });

  test('in another tensor where the drawn one has no element for it, or in none', () => {
    const zeros = asked('F32', [0, 0]);
    for (let seed = 0; seed < 5; seed++)
      expect(plant([zeros, asked('I8', [1]), zeros], seed)?.dtype).toBe('I8');
    expect(plant([zeros])).toBeUndefined();
    expect(plant([])).toBeUndefined();
  });
});
