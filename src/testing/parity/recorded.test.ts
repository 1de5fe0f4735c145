import { expect, test } from 'vitest';
import { judge } from '../../reference/judge.ts';
import type { Value } from '../../reference/record.ts';
import { acceptanceOfRecorded } from './recorded.ts';

const STEP = 2 ** -24;
const value = (x: number): Value => ({ shape: [1], data: Float64Array.of(x) });

test('a gradient may come from an output that is stored as a small half', () => {
  const y = 0.6 * STEP;
  const dy = -3;
  const truth = value(y * dy);
  // What was stored of y is a whole step, and of the gradient too.
  const recorded = value(STEP * dy);
  const bound = { kind: 'within', bound: Float64Array.of(0) } as const;
  const accepts = (flowing?: number) =>
    judge(recorded, truth, acceptanceOfRecorded(bound, 'F16', truth, flowing)).ok;
  expect([accepts(), accepts(Math.abs(dy))]).toEqual([false, true]);
  expect(
    judge(value(4 * y * dy), truth, acceptanceOfRecorded(bound, 'F16', truth, Math.abs(dy))).ok,
  ).toBe(false);
});
