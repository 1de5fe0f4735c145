import { describe, expect, test } from 'vitest';
import { callOf, type Named } from '../../graph/call.ts';
import { topk } from '../../vocabulary/math/topk.ts';
import { judge } from '../judge.ts';
import type { Value } from '../record.ts';
import { expectedAs, expectedOf } from '../truth.ts';

const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});
const demand = { arithmetic: { depth: (n: number) => n, ieee: true }, level: 'legal' } as const;

type Asked = Parameters<typeof callOf<typeof topk, Value>>;

/** Which elements of what a party gave are not right. */
function wrongIn(
  [x, params, dy]: readonly [x: Value, params: Asked[2], dy?: Value],
  outputs: Named<Value>,
  gradients: Named<Value> = {},
): Record<string, readonly number[]> {
  const call = callOf(topk, { x }, params, dy ? { grads: { values: dy } } : {});
  const expected = expectedOf(call, { outputs, gradients }, demand);
  return Object.fromEntries(
    Object.entries(dy ? gradients : outputs).map(([name, actual]) => {
      const { truth, acceptance } = expectedAs(expected, name, actual.dtype) ?? {};
      if (!truth || !acceptance) return [name, [-1]];
      const single = (value: Value, i: number) => of(value.data[i] as number);
      const wrong = Array.from(actual.data, (_, i) => i).filter((i) => {
        const accepts = (_: number, y: number) =>
          acceptance.kind === 'codes' ? acceptance.accepts(i, y) : y === truth.data[i];
        const one = { kind: 'codes', inBand: 0, accepts } as const;
        return !judge(single(actual, i), single(truth, i), one).ok;
      });
      return [name, wrong];
    }),
  );
}

const RIGHT = { values: [], indices: [] };
const TIES = of(3, 5, 5, 1, 5);

describe('of equal elements', () => {
  test('any may be named, each once', () => {
    const wrong = (...indices: readonly number[]) =>
      wrongIn([TIES, { k: 3 }], { values: of(5, 5, 5), indices: of(...indices) });
    expect(wrong(1, 2, 4)).toEqual(RIGHT);
    expect(wrong(4, 1, 2)).toEqual(RIGHT);
    expect(wrong(4, 4, 2).indices).toEqual([1]);
    expect(wrong(1, 2, 2).indices).toEqual([2]);
    expect(wrong(0, 2, 4).indices).toEqual([0]);
    expect(wrong(5, 2, 4).indices).toEqual([0]);
    expect(wrong(-1, 2, 4).indices).toEqual([0]);
  });

  test('zeros of both signs are equal, and so is what is no number', () => {
    const zeros = of(0, -0, -1);
    expect(wrongIn([zeros, { k: 2 }], { indices: of(1, 0) })).toEqual({ indices: [] });
    const none = of(Number.NaN, 1, Number.NaN);
    expect(wrongIn([none, { k: 2 }], { indices: of(2, 0) })).toEqual({ indices: [] });
    expect(wrongIn([none, { k: 2 }], { indices: of(2, 1) })).toEqual({ indices: [1] });
  });

  test('what is sorted is in order, of the smallest too', () => {
    const params = { k: 4, largest: false };
    const wrong = (...indices: readonly number[]) =>
      wrongIn([TIES, params], { indices: of(...indices) }).indices;
    expect(wrong(3, 0, 4, 2)).toEqual([]);
    expect(wrong(0, 3, 4, 2)).toEqual([0, 1]);
    expect(wrongIn([TIES, params], { values: of(1, 3, 5, 5) })).toEqual({ values: [] });
    expect(wrongIn([TIES, params], { values: of(3, 1, 5, 5) })).toEqual({ values: [0, 1] });
  });

  test('what is not sorted is there once, in any order, with its own places', () => {
    const params = { k: 3, sorted: false };
    const x = of(3, 5, 4, 5, 3);
    expect(wrongIn([x, params], { values: of(4, 5, 5), indices: of(2, 3, 1) })).toEqual(RIGHT);
    expect(wrongIn([x, params], { values: of(5, 4, 5), indices: of(2, 3, 1) })).toEqual({
      values: [0, 1],
      indices: [],
    });
    expect(wrongIn([x, params], { indices: of(0, 3, 1) })).toEqual({ indices: [0] });
    expect(wrongIn([x, params], { values: of(4, 5, 5) })).toEqual({ values: [] });
    expect(wrongIn([x, params], { values: of(5, 5, 5) })).toEqual({ values: [2] });
    // Of three that are equal two are taken.
    const three = of(3, 5, 3, 3);
    expect(wrongIn([three, params], { indices: of(3, 1, 0) })).toEqual({ indices: [] });
    expect(wrongIn([three, params], { indices: of(3, 2, 0) })).toEqual({ indices: [2] });
  });

  test('each row by itself, along any axis', () => {
    const x = { shape: [3, 2], data: Float64Array.of(7, 1, 7, 2, 0, 2) };
    const taken = (...data: readonly number[]) => ({
      shape: [2, 2],
      data: Float64Array.from(data),
    });
    const wrong = (...data: readonly number[]) =>
      wrongIn([x, { k: 2, axis: 0 }], { values: taken(7, 2, 7, 2), indices: taken(...data) });
    expect(wrong(1, 2, 0, 1)).toEqual(RIGHT);
    expect(wrong(1, 2, 1, 1).indices).toEqual([2]);
    expect(wrong(1, 2, 0, 2).indices).toEqual([3]);
  });
});

describe('what flows back', () => {
  const dy = of(10, 20, 30);
  const asked = [TIES, { k: 3 }, dy] as const;
  const wrong = (gradient: Value, indices?: Value) =>
    wrongIn(asked, indices ? { indices } : {}, { x: gradient }).x;

  test('flows to the places that the same party named', () => {
    expect(wrong(of(0, 10, 20, 0, 30), of(1, 2, 4))).toEqual([]);
    expect(wrong(of(0, 20, 30, 0, 10), of(4, 1, 2))).toEqual([]);
    expect(wrong(of(0, 10, 20, 0, 30), of(4, 1, 2))).toEqual([1, 2, 4]);
    // Wrong places have the gradients that they name.
    expect(wrong(of(10, 0, 20, 0, 30), of(0, 2, 4))).toEqual([]);
    // What is named twice is one of the two; what is none is the next that is left.
    expect(wrong(of(0, 20, 10, 0, 30), of(2, 2, 4))).toEqual([]);
    expect(wrong(of(0, 10, 20, 0, 30), of(9, 2, 4))).toEqual([]);
  });

  test('flows to equal elements, each number once, where the places are not told', () => {
    expect(wrong(of(0, 30, 10, 0, 20))).toEqual([]);
    expect(wrong(of(0, 30, 30, 0, 20))).toEqual([2]);
    expect(wrong(of(0, 30, 30, 0, 30))).toEqual([2, 4]);
    expect(wrong(of(10, 30, 0, 0, 20))).toEqual([0, 2]);
    const two = wrongIn([TIES, { k: 2 }, of(10, 20)], {}, { x: of(0, 20, 0, 0, 10) });
    expect(two).toEqual({ x: [] });
    const lost = wrongIn([TIES, { k: 2 }, of(10, 20)], {}, { x: of(0, 20, 0, 0, 0) });
    expect(lost).toEqual({ x: [2] });
    // In any order each of what is taken has one of what flows.
    const loose = [of(3, 5, 4), { k: 2, sorted: false }, of(10, 20)] as const;
    expect(wrongIn(loose, {}, { x: of(0, 20, 10) })).toEqual({ x: [] });
    expect(wrongIn(loose, {}, { x: of(10, 20, 0) })).toEqual({ x: [0, 2] });
    // Nothing at all was given: the first of equal ones come first.
    expect(
      expectedOf(
        callOf(topk, { x: TIES }, { k: 3 }, { grads: { values: dy } }),
        {
          outputs: {},
          gradients: {},
        },
        demand,
      ).truth.x?.data,
    ).toEqual(Float64Array.of(0, 10, 20, 0, 30));
  });

  test('is a copy, in halves too', () => {
    const x = { ...of(1, 2), dtype: 'bf16' } as const;
    const next = 2 + 2 ** -6;
    const halves = (y: number) =>
      wrongIn([x, { k: 1 }], { values: { ...of(y), dtype: 'bf16' }, indices: of(1) }).values;
    expect([halves(2), halves(next)]).toEqual([[], [0]]);
    const back = wrongIn(
      [x, { k: 1 }, of(2)],
      { indices: of(1) },
      { x: { ...of(0, next), dtype: 'bf16' } },
    );
    expect(back).toEqual({ x: [1] });
  });
});
