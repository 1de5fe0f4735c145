import { expect, test } from 'vitest';
import { examine } from '../reference/examination.ts';
import { judge } from '../reference/judge.ts';
import type { Acceptance, Value } from '../reference/record.ts';
import { acceptanceOfStored } from '../reference/stored.ts';
import { acceptanceOfRecorded } from './parity/recorded.ts';

const LARGEST_BF16 = (2 - 2 ** -7) * 2 ** 127;
const ENDS = [Infinity, 65_504, -65_504, -Infinity];

const value = (x: number): Value => ({ shape: [1], data: Float64Array.of(x) });
const within = (bound: number): Acceptance => ({ kind: 'within', bound: Float64Array.of(bound) });

type Rule = (truth: Value) => Acceptance;
const stored =
  (bound: number, dtype: 'f16' | 'bf16' = 'f16'): Rule =>
  (truth) =>
    acceptanceOfStored(within(bound), truth, dtype, undefined);
const recorded =
  (bound: number): Rule =>
  (truth) =>
    acceptanceOfRecorded(within(bound), 'F16', truth);
const exact: Rule = (truth) => acceptanceOfStored({ kind: 'exact' }, truth, 'f16', undefined);

/** Which of `candidates` are right where the truth is `y`. */
function accepted(y: number, rule: Rule, candidates: readonly number[]): readonly number[] {
  const truth = value(y);
  const right = (x: number) => judge(value(x), truth, rule(truth)).ok;
  return candidates.filter(right);
}

test.each<readonly [truth: number, rule: Rule, right: readonly number[]]>([
  // Nothing within the bound is beyond the range: a finite number, however near the end.
  [65_000, stored(100), []],
  [65_504, stored(0), [65_504]],
  [65_400, stored(104), [65_504]],
  [65_504, exact, [65_504]],
  // The largest number or infinity, with the sign.
  [65_400, stored(105), [Infinity, 65_504]],
  [65_505, stored(0), [Infinity, 65_504]],
  [-65_505, stored(0), [-65_504, -Infinity]],
  [70_000, exact, [Infinity, 65_504]],
  [-3e38, stored(1e30), [-65_504, -Infinity]],
  [10, stored(65_495), [Infinity, 65_504]],
  [10, stored(65_515), ENDS],
  // A recorded value may be off by the bound in half-precision arithmetic: 8192 times as much.
  [65_000, recorded(0.06), []],
  [65_000, recorded(0.0616), [Infinity, 65_504]],
  [-65_504, recorded(0), [-65_504]],
  [-65_536, recorded(0), [-65_504, -Infinity]],
])('where %d is right, the ends of the range that are right too', (truth, rule, right) => {
  expect(accepted(truth, rule, ENDS)).toEqual(right);
});

test.each([
  ['stored', stored(8)],
  ['recorded', recorded(8 / 8192)],
  ['equal', exact],
])('beyond the range no other number is right, %s', (_, rule) => {
  const wrong = [-70_000, -1, 0, 1, 32_768, 65_440, Number.NaN];
  expect(accepted(70_000, rule, wrong)).toEqual([]);
  expect(accepted(65_536, rule, wrong)).toEqual([]);
});

test('what the interval holds below the end of the range is right too', () => {
  const candidates = [65_344, 65_376, 65_408, 65_472, 65_504, Infinity];
  expect(accepted(65_500, stored(100), candidates)).toEqual([
    65_376,
    65_408,
    65_472,
    65_504,
    Infinity,
  ]);
});

test('bfloat16 has the end of its own range', () => {
  const candidates = [Infinity, LARGEST_BF16, 65_504, -LARGEST_BF16];
  expect(accepted(3.4e38, stored(0, 'bf16'), candidates)).toEqual([Infinity, LARGEST_BF16]);
  expect(accepted(70_000, stored(0, 'bf16'), candidates)).toEqual([]);
});

test('an overflow has no error, and the share of the others stays', () => {
  const truth: Value = { shape: [3], data: Float64Array.of(70_000, -1e6, 1) };
  const bound = Float64Array.of(8, 8, 2 ** -10);
  const acceptance = acceptanceOfStored({ kind: 'within', bound }, truth, 'f16', undefined);
  const actual = { shape: [3], data: Float64Array.of(Infinity, -65_504, 1 + 2 ** -10) };
  const accuracy = { maxAbs: 2 ** -10, boundUsed: 0.5 };
  expect(judge(actual, truth, acceptance)).toMatchObject({ ok: true, compared: 3, accuracy });
  const { wrong, shares } = examine('y', actual, truth, acceptance);
  expect([wrong, shares[0]]).toEqual([0, 2]);
});

test('the nearest of several right values may be beyond the range', () => {
  const truth = value(60_000);
  const nearest = (_: number, actual: number) => (actual < 65_000 ? 60_000 : 66_000);
  const band: Acceptance = { kind: 'within', bound: Float64Array.of(0), nearest };
  const rule = () => acceptanceOfStored(band, truth, 'f16', undefined);
  expect(accepted(60_000, rule, ENDS)).toEqual([Infinity, 65_504]);
});

test('an infinite error is wrong, whatever the bound', () => {
  expect(judge(value(Infinity), value(1), within(Infinity)).ok).toBe(false);
});
