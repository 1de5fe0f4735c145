import { describe, expect, test } from 'vitest';
import { finiteOrNull, judge, measureWithin } from './judge.ts';
import type { Acceptance, Value } from './record.ts';

const of = (data: readonly number[], shape: readonly number[] = [data.length]): Value => ({
  shape,
  data: Float64Array.from(data),
});
const within = (bound: readonly number[], more: object = {}): Acceptance => ({
  kind: 'within',
  bound: Float64Array.from(bound),
  ...more,
});
const EXACT: Acceptance = { kind: 'exact' };

describe('equality', () => {
  test('ignores the sign of zero, and nothing else', () => {
    expect(judge(of([0, 1]), of([-0, 1]), EXACT)).toEqual({
      ok: true,
      wrong: 0,
      compared: 2,
      inBand: 0,
    });
    const { ok, wrong, firstWrong } = judge(
      of([1, 2, Number.NaN, 5], [2, 2]),
      of([1, 3, 4, 6], [2, 2]),
      EXACT,
    );
    expect({ ok, wrong, firstWrong }).toEqual({
      ok: false,
      wrong: 3,
      firstWrong: { index: [0, 1], actual: 2, expected: 3 },
    });
  });

  test('of a NaN holds for none', () => {
    expect(judge(of([Number.NaN]), of([Number.NaN]), EXACT)).toMatchObject({
      ok: false,
      firstWrong: { index: [0], actual: null, expected: null },
    });
  });

  test('is not asked of elements that are marked', () => {
    expect(judge(of([1, 2, 3]), of([9, 2, 9]), EXACT, Uint8Array.of(1, 0, 1))).toEqual({
      ok: true,
      wrong: 0,
      compared: 1,
      inBand: 0,
    });
  });

  test('of another number of elements is no judgement', () => {
    expect(() => judge(of([1]), of([1, 2]), EXACT)).toThrow('judge: 1 elements against 2');
  });
});

test('codes are right where the record accepts them', () => {
  const codes: Acceptance = { kind: 'codes', accepts: (i, y) => y >= i && y <= i + 1, inBand: 2 };
  expect(judge(of([1, 1, 4]), of([0, 1, 2]), codes)).toEqual({
    ok: false,
    wrong: 1,
    compared: 3,
    inBand: 2,
    firstWrong: { index: [2], actual: 4, expected: 2 },
  });
});

describe('a bound', () => {
  test('is part of what is right, and each measure is the largest of its kind', () => {
    const typical = Float64Array.of(0.25, 0.125, 1);
    const { accuracy, ...rest } = judge(
      of([1.5, 9, -2]),
      of([1, 8, -2]),
      within([0.5, 4, 0], { typical }),
    );
    expect(rest).toEqual({ ok: true, wrong: 0, inBand: 0, compared: 3 });
    expect(accuracy).toEqual({
      maxAbs: 1,
      maxRel: 0.5,
      maxUlp: 2 ** 22,
      boundUsed: 1,
      typicalUsed: 8,
    });
  });

  test('is exceeded by the next number', () => {
    const { ok, wrong, firstWrong, accuracy } = judge(
      of([1, 1.25, 7]),
      of([1, 1, 6]),
      within([0, 0.24, 0.5]),
    );
    expect({ ok, wrong, firstWrong }).toEqual({
      ok: false,
      wrong: 2,
      firstWrong: { index: [1], actual: 1.25, expected: 1 },
    });
    expect(accuracy?.boundUsed).toBe(2);
    expect(accuracy?.typicalUsed).toBeNull();
  });

  test('has the first wrong element, and counts the others', () => {
    const judged = judge(of([9, 8, 7, 1], [2, 2]), of([1, 1, 1, 1], [2, 2]), within([1, 7, 5, 0]));
    expect(judged).toMatchObject({ ok: false, compared: 4, wrong: 2 });
    expect(judged.firstWrong).toEqual({ index: [0, 0], actual: 9, expected: 1 });
  });

  test.each([
    ['a NaN', Number.NaN, 1, 1e9],
    ['an infinity at any bound', Number.POSITIVE_INFINITY, 1, Number.POSITIVE_INFINITY],
    ['the other infinity', Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 1],
  ])('does not hold for %s', (_, actual, truth, bound) => {
    expect(judge(of([actual]), of([truth]), within([bound]))).toMatchObject({
      ok: false,
      accuracy: { maxAbs: null },
    });
  });

  test('holds for infinities that are equal', () => {
    const infinite = of([Number.POSITIVE_INFINITY]);
    expect(judge(infinite, infinite, within([0]))).toMatchObject({
      ok: true,
      accuracy: { maxAbs: 0, maxRel: 0, maxUlp: 0, boundUsed: 0 },
    });
  });

  test('is held from the nearest of several right values', () => {
    const nearest = (i: number, y: number) => (i === 0 && y > 5 ? 10 : 1);
    const acceptance = within([1, 1], { nearest });
    expect(judge(of([9.5, 1.5]), of([1, 1]), acceptance).ok).toBe(true);
    expect(
      measureWithin(0, of([9.5]), of([1]), { ...acceptance, kind: 'within' } as never),
    ).toEqual({ truth: 10, error: 0.5, limit: 1, right: true });
    expect(judge(of([9.5, 9.5]), of([1, 1]), acceptance)).toMatchObject({ ok: false, wrong: 1 });
  });

  test('is not asked of elements that are marked', () => {
    const marked = judge(of([5, 1]), of([1, 1]), within([0, 0]), Uint8Array.of(1, 0));
    expect(marked).toMatchObject({ ok: true, compared: 1, accuracy: { maxAbs: 0 } });
  });

  test('counts in units of the last place down to the smallest normal number', () => {
    const ulps = (truth: number, error: number) =>
      judge(of([truth + error]), of([truth]), within([1])).accuracy?.maxUlp;
    expect(ulps(1, 2 ** -20)).toBe(8);
    expect(ulps(-4, 2 ** -20)).toBe(2);
    expect(ulps(0, 2 ** -149)).toBe(1);
    expect(ulps(2 ** -130, 2 ** -149)).toBe(1);
  });
});

test('what is not finite has no number', () => {
  expect([1.5, Number.NaN, Number.NEGATIVE_INFINITY].map(finiteOrNull)).toEqual([1.5, null, null]);
});
