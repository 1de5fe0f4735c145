import { describe, expect, test } from 'vitest';
import { callOf } from '../graph/call.ts';
import { argmax } from '../vocabulary/math/argmax.ts';
import { mul } from '../vocabulary/math/mul.ts';
import { optimizerSteps } from '../vocabulary/optim/optimizer_steps.ts';
import type { Acceptances, Value } from './record.ts';
import { acceptancesOf, demanded, expectedAs, expectedOf, truthOf } from './truth.ts';

const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});
const arithmetic = { depth: (terms: number) => terms, ieee: false };
const NOTHING = { outputs: {}, gradients: {} };
const LEGAL = { arithmetic, level: 'legal' } as const;

const inputs = { a: of(2, 3), b: of(5, -7) };
const product = callOf(mul, inputs, {});
const gradients = callOf(mul, inputs, {}, { grads: { y: of(10, 100) } });
const largest = callOf(argmax, { x: of(1, 2) }, {});

/** Two steps of plain SGD at a rate of 1, from 10, with gradients 1 and 2. */
const steps = callOf(
  optimizerSteps,
  { param: of(10), grads: { shape: [2, 1], data: Float64Array.of(1, 2) } },
  { optimizer: 'sgd', lr: 1 },
);
const trajectory = (...data: readonly number[]): Value => ({
  shape: [2, 1],
  data: Float64Array.from(data),
});

describe('the truth of a call', () => {
  test('is its outputs, or the gradients of its inputs where some flow in', () => {
    expect(truthOf(product)).toEqual({ y: of(10, -21) });
    expect(truthOf(gradients)).toEqual({ a: of(50, -700), b: of(20, 300) });
  });

  test('has a bound for each of these', () => {
    expect(Object.keys(acceptancesOf(product, truthOf(product), arithmetic))).toEqual(['y']);
    const backward = acceptancesOf(gradients, truthOf(gradients), arithmetic);
    expect(Object.keys(backward)).toEqual(['a', 'b']);
  });

  test('has no gradients where the record has none', () => {
    const backward = { ...largest, grads: { y: of(1) } };
    expect(truthOf(largest)['y']?.data[0]).toBe(1);
    expect(() => truthOf(backward)).toThrow('record argmax has no VJP');
    expect(() => acceptancesOf(backward, {}, arithmetic)).toThrow(
      'record argmax has no bounds of gradients',
    );
  });
});

describe('what a call should give', () => {
  test('is the truth, with what the record says of outputs or inputs', () => {
    const forward = expectedOf(product, { outputs: { y: of(0, 0) }, gradients: {} }, LEGAL);
    expect([forward.truth, Object.keys(forward.specs), forward.isFromOwn]).toEqual([
      { y: of(10, -21) },
      ['y'],
      false,
    ]);
    const backward = expectedOf(gradients, NOTHING, LEGAL);
    expect(Object.keys(backward.specs)).toEqual(['a', 'b']);
    expect(backward.truth['b']).toEqual(of(20, 300));
    const known = { y: of(7, 8) };
    expect(expectedOf(product, NOTHING, LEGAL, known).truth).toBe(known);
  });

  test('goes on in a trajectory from what the party itself gave', () => {
    const own = expectedOf(
      steps,
      { outputs: { trajectory: trajectory(9.5, 7.25) }, gradients: {} },
      LEGAL,
    );
    expect(own.isFromOwn).toBe(true);
    expect(own.truth['trajectory']).toEqual(trajectory(9, 7.5));
    const alone = expectedOf(steps, NOTHING, LEGAL);
    expect(alone.truth['trajectory']).toEqual(trajectory(9, 7));
    // A gradient of a trajectory would come from no own step.
    const asked = { ...steps, grads: { trajectory: trajectory(1, 1) } };
    expect(() => expectedOf(asked, NOTHING, LEGAL)).toThrow('optimizer_steps has no VJP');
  });

  test('is equal to the truth where equality is demanded, but for codes', () => {
    const codes = { kind: 'codes', accepts: () => true, inBand: 0 } as const;
    const acceptances: Acceptances = {
      y: { kind: 'within', bound: Float64Array.of(1) },
      q: codes,
      z: { kind: 'exact' },
    };
    expect(demanded('legal', acceptances)).toBe(acceptances);
    expect(demanded('exact', acceptances)).toEqual({
      y: { kind: 'exact' },
      q: codes,
      z: { kind: 'exact' },
    });
    const { acceptances: exact } = expectedOf(product, NOTHING, { arithmetic, level: 'exact' });
    expect(exact).toEqual({ y: { kind: 'exact' } });
  });

  test('is rounded once more where it is stored in halves', () => {
    const expected = expectedOf(product, NOTHING, LEGAL);
    const boundOf = (dtype: 'f16' | undefined) => {
      const found = expectedAs(expected, 'y', dtype);
      expect(found?.truth).toEqual(of(10, -21));
      return found?.acceptance.kind === 'within' ? [...found.acceptance.bound] : [];
    };
    const single = boundOf(undefined);
    // Neighbours of 10 in float16 are 2^-7 apart, those of 21 2^-6.
    expect(boundOf('f16')).toEqual([
      (single[0] as number) + 2 ** -7,
      (single[1] as number) + 2 ** -6,
    ]);
  });

  test('is not known of other tensors, nor of those that no rule is about', () => {
    expect(expectedAs(expectedOf(product, NOTHING, LEGAL), 'z', 'f32')).toBeUndefined();
    const walked = expectedOf(steps, NOTHING, LEGAL);
    expect(walked.truth['previous']).toEqual(trajectory(10, 9));
    expect(expectedAs(walked, 'previous', 'f32')).toBeUndefined();
    expect(expectedAs(walked, 'trajectory', 'f32')?.acceptance.kind).toBe('within');
  });
});
