import { describe, expect, test } from 'vitest';
import { callOf } from '../graph/call.ts';
import { launchers } from '../ops/registry.ts';
import type { Value, Values } from '../reference/record.ts';
import { type HostTensor, hostTensorFrom } from '../tensor/host.ts';
import { mul } from '../vocabulary/math/mul.ts';
import { batchNorm } from '../vocabulary/nn/batch_norm.ts';
import { CaseContext } from './context.ts';
import { arithmeticOf, judgeCall, judgeResults } from './judge-call.ts';

const contextOf = () => new CaseContext({ ieee: false, seed: 1, injects: [] } as never);
const host = (...data: readonly number[]): HostTensor => hostTensorFrom('f32', [data.length], data);
const value = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});

const call = {
  op: mul,
  params: {},
  variant: Object.keys(launchers.get('mul')?.variants ?? {})[0] as string,
  inputs: { a: host(2, 3), b: host(5, 7) },
  level: 'legal',
} as const;
const backward = { ...call, grads: { y: host(1, 10) } };

/** What judging results throws, with the evidence. */
function judged(given: Parameters<typeof judgeResults>[1], outputs: object, gradients: object) {
  const t = contextOf();
  let thrown: unknown;
  try {
    judgeResults(t, given, { outputs, gradients } as never);
  } catch (error) {
    thrown = error;
  }
  return { thrown, ...t.evidence };
}

describe('results of a call', () => {
  test('are right within the bound, and each of them counts', () => {
    // Of two numbers and that there are any.
    expect(judged(call, { y: host(10, 21) }, {})).toMatchObject({
      thrown: undefined,
      assertions: 3,
    });
    const gradients = { a: host(5, 70), b: host(2, 30) };
    expect(judged(backward, {}, gradients)).toMatchObject({ thrown: undefined, assertions: 6 });
  });

  test('that are wrong are named, with the call that gave them', () => {
    const wrong = judged(call, { y: host(10, 22) }, {});
    expect(wrong.thrown).toMatchObject({
      code: 'out-of-bound',
      message: expect.stringMatching(
        /^y\[1\] is 22 and should be 21; 1 of 2 elements is wrong; its bound is [\d.e-]+$/,
      ),
    });
    expect(wrong.failedCall).toEqual({ ...call, name: 'y' });
    const gradient = judged(backward, {}, { a: host(5, 70), b: host(3, 30) });
    expect(gradient.thrown).toMatchObject({
      message: expect.stringMatching(
        /^gradient of b\[0\] is 3 and should be 2; 1 of 2 elements is wrong; its bound is [\d.e-]+$/,
      ),
    });
    expect(gradient.failedCall).toEqual({ ...backward, name: 'b' });
  });

  test('by the unit beyond a bound are wrong', () => {
    // Products may be off by a unit of themselves: 2^-20 at 10.
    const unit = 2 ** -20;
    const exact = { y: host(10 + unit, 21) };
    expect(judged(call, exact, {}).thrown).toBeUndefined();
    expect(judged(call, { y: host(10 + 2 * unit, 21) }, {}).thrown).toMatchObject({
      at: { index: [0] },
    });
    expect(judged({ ...call, level: 'exact' }, exact, {}).thrown).toMatchObject({
      code: 'not-equal',
    });
  });

  test('must all be there', () => {
    expect(judged(call, {}, {}).thrown).toMatchObject({
      code: 'missing-output',
      message: 'y was not computed',
    });
    expect(judged(backward, {}, { a: host(5, 70) }).thrown).toMatchObject({
      message: 'gradient of b was not computed',
    });
  });
});

describe('a call of a step', () => {
  const given = {
    call: { ...callOf(mul, { a: value(2), b: value(5) }, {}), variant: call.variant },
    level: 'legal',
    isWhole: false,
    where: 'step 3: ',
    failed: () => call,
  } as const;
  const of = (outputs: Values) => ({ outputs, gradients: {} });

  test('is judged by what is there, and gives the largest share of a bound', () => {
    const t = contextOf();
    expect(judgeCall(t, { ...given, results: of({}) })).toBe(0);
    expect(judgeCall(t, { ...given, results: of({ y: value(10) }) })).toBe(0);
    expect(t.evidence.assertions).toBe(1);
    // Where equality is demanded there is no bound to use.
    expect(judgeCall(t, { ...given, level: 'exact', results: of({ y: value(10) }) })).toBe(0);
    const unit = 10 * 2 ** -23;
    expect(judgeCall(t, { ...given, results: of({ y: value(10 + unit / 4) }) })).toBeCloseTo(
      0.25,
      6,
    );
    const grads = { y: value(1) };
    const both = { a: value(5 + (5 * 2 ** -23) / 2), b: value(2 + (2 * 2 ** -23) / 8) };
    const backwards = { ...given, call: { ...given.call, grads } };
    const results = { outputs: {}, gradients: both };
    expect(judgeCall(t, { ...backwards, results })).toBeCloseTo(0.5, 2);
  });

  test('says where what is wrong, or cannot be judged', () => {
    const t = contextOf();
    expect(() => judgeCall(t, { ...given, results: of({ y: value(11) }) })).toThrow(
      'step 3: y[0] is 11 and should be 10',
    );
    expect(() => judgeCall(t, { ...given, results: of({ z: value(1) }) })).toThrow(
      'step 3: z has no bound to be judged by',
    );
  });
});

describe('a call after an overflow', () => {
  /** Judges products with 5 and 0 in each place. */
  const judgedProducts = (of: number, ...y: readonly number[]) => {
    const given = { ...call, inputs: { a: host(2, of), b: host(5, 0) } };
    return judged(given, { y: host(...y) }, {}).thrown;
  };
  const { POSITIVE_INFINITY: infinite, NaN: none } = Number;

  test('is judged where there is a true value', () => {
    for (const y of [none, 0, 6]) expect(judgedProducts(infinite, 10, y)).toBeUndefined();
    expect(judgedProducts(infinite, 11, none)).toMatchObject({ at: { index: [0] } });
    expect(judgedProducts(infinite, none, none)).toMatchObject({ at: { index: [0] } });
  });

  test('is wrong where it gives a number, and had none', () => {
    for (const y of [none, infinite]) expect(judgedProducts(none, 10, y)).toBeUndefined();
    expect(judgedProducts(none, 10, 6)).toMatchObject({ at: { index: [1] } });
    expect(judgedProducts(none, 11, none)).toMatchObject({ at: { index: [0] } });
  });

  test('is wrong where it gives no number, and had numbers', () => {
    expect(judgedProducts(3, 10, none)).toMatchObject({ at: { index: [1] } });
  });
});

test('the arithmetic of a call is that of its variant, on this device', () => {
  const [variant = ''] = Object.keys(launchers.get('batch_norm')?.variants ?? {});
  const { depth, ieee } = arithmeticOf({ ieee: true }, { op: batchNorm, variant });
  expect(ieee).toBe(true);
  // 64 numbers in each of 64 lanes, a tree of six levels, and the product.
  expect(depth(4096)).toBe(63 + 6 + 1);
  const unknown = arithmeticOf({ ieee: false }, { op: batchNorm, variant: 'none' });
  expect([unknown.depth(4096), unknown.ieee]).toEqual([4096, false]);
});
