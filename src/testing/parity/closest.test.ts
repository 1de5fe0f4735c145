import { expect, test } from 'vitest';
import type { Foreseen } from '../../reference/foreseen.ts';
import { isRight } from '../../reference/judge.ts';
import type { Acceptance, Value } from '../../reference/record.ts';
import { closestOf } from './closest.ts';

const STEP = 2 ** -7;
const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});
const truth = of(1, 2, 1);
const point = (x: number) => ({ low: x, high: x });
const EXACT: Acceptance = { kind: 'within', bound: new Float64Array(3) };

/** The way that comes closest to what was recorded, where two formulas are known. */
function closest(actual: Value, foreseen: readonly Foreseen[], inFloat32: Acceptance = EXACT) {
  const unjudged = Uint8Array.of(0, 0, 1);
  const question = { name: 'x', isGradient: true, basis: 'the oracle gives' } as const;
  return closestOf(
    {
      ...question,
      actual,
      truth,
      unjudged,
      acceptance: EXACT,
      inFloat32,
      foreseen: () => foreseen,
    },
    'BF16',
    'nearest',
  );
}

const near: Foreseen = [point(1 + STEP), { low: 2, high: 2 + 2 * STEP }, point(Number.NaN)];
const far: Foreseen = [point(3), point(3), point(3)];

test('a tensor that one rounding of float32 gives is right by that', () => {
  const way = closest(of(1, 2, 9), [far]);
  expect(way?.judgement).toMatchObject({ ok: true, compared: 2 });
  // A bound of float32 and half a step of bfloat16: the next number is beyond it.
  expect([1, 1 + STEP].map((y) => way && isRight(0, y, truth, way.acceptance))).toEqual([
    true,
    false,
  ]);
});

test('or one that a formula gives, whose ranges hold it to the bit', () => {
  const way = closest(of(1 + STEP, 2, 9), [far, near]);
  expect(way?.judgement.ok).toBe(true);
  const right = (i: number, y: number) => way && isRight(i, y, truth, way.acceptance);
  expect([right(0, 1), right(0, 1 + STEP), right(0, 1.1)]).toEqual([false, true, false]);
  expect([2, 2 + 2 * STEP, 2 - STEP, 2.2].map((y) => right(1, y))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test('of several the one with the fewest elements that are not right', () => {
  const way = closest(of(1 + STEP, 4, 9), [far, near]);
  expect(way?.judgement).toMatchObject({
    ok: false,
    wrong: 1,
    compared: 2,
    firstWrong: { index: [1], actual: 4 },
  });
});

test('a range beyond the format is its infinity', () => {
  const infinite: Foreseen = [point(Infinity), point(2), point(0)];
  expect(closest(of(Infinity, 2, 0), [infinite])?.judgement.ok).toBe(true);
  expect(closest(of(-Infinity, 2, 0), [infinite])?.judgement.ok).toBe(false);
});
