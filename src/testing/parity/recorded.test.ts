import { describe, expect, test } from 'vitest';
import type { StoredDType } from '../../formats/safetensors/stored.ts';
import { judge } from '../../reference/judge.ts';
import type { Acceptance, Value } from '../../reference/record.ts';
import { IN_HALVES } from '../../reference/rounding.ts';
import {
  ANY_ORDER,
  acceptanceOfRecorded,
  arithmeticOfRecorded,
  isRoundedOnce,
  storingOf,
} from './recorded.ts';

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
    judge(recorded, truth, acceptanceOfRecorded(bound, 'F16', truth, { flowing })).ok;
  expect([accepts(), accepts(Math.abs(dy))]).toEqual([false, true]);
  expect(
    judge(
      value(4 * y * dy),
      truth,
      acceptanceOfRecorded(bound, 'F16', truth, { flowing: Math.abs(dy) }),
    ).ok,
  ).toBe(false);
});

describe('a recorded value', () => {
  const within = (bound: number, nearest?: (i: number, y: number) => number): Acceptance => ({
    kind: 'within',
    bound: Float64Array.of(bound),
    ...(nearest ? { nearest } : {}),
  });
  const right = (y: number, truth: number, acceptance: Acceptance, dtype: StoredDType) =>
    judge(value(y), value(truth), acceptanceOfRecorded(acceptance, dtype, value(truth))).ok;

  test('in float32 or as a code is accepted as the record says', () => {
    const bound = within(1);
    expect(acceptanceOfRecorded(bound, 'F32', value(1))).toBe(bound);
    expect(acceptanceOfRecorded(bound, 'F64', value(1))).toBe(bound);
    const codes: Acceptance = { kind: 'codes', accepts: (_, y) => y === 3, inBand: 0 };
    expect(acceptanceOfRecorded(codes, 'F32', value(1))).toBe(codes);
    expect([3, 4].map((y) => right(y, 1, codes, 'F16'))).toEqual([true, false]);
    expect(right(Infinity, 1e5, codes, 'F16')).toBe(true);
  });

  test('in halves may be one step of its format off, or the bound with its unit of rounding', () => {
    const exact: Acceptance = { kind: 'exact' };
    const steps = (dtype: StoredDType, step: number, acceptance: Acceptance) =>
      [1, 2, 3].map((n) => right(2 + n * step, 2, acceptance, dtype));
    expect(steps('F16', 2 ** -9, exact)).toEqual([true, false, false]);
    expect(steps('BF16', 2 ** -6, exact)).toEqual([true, false, false]);
    // A bound of 2^-22 in float32 is 2^-22 * 2^13 in float16, and 2^-22 * 2^16 in bfloat16.
    expect(steps('F16', 2 ** -10, within(2 ** -22))).toEqual([true, true, false]);
    expect(steps('F16', 2 ** -9, within(2 ** -22))).toEqual([true, false, false]);
    expect(steps('BF16', 2 ** -6, within(2 ** -21))).toEqual([true, true, false]);
  });

  test('in halves may lack what the format lost on the way', () => {
    const lost = { ...within(2 ** -30), underflow: Float64Array.of(3 * STEP) } as const;
    const truth = value(2 ** -14);
    expect(acceptanceOfRecorded(lost, 'F16', truth)).toMatchObject({
      bound: Float64Array.of(Math.max(2 ** -30 + STEP, 2 ** -17) + 3 * STEP),
    });
    expect(acceptanceOfRecorded(lost, 'F16', truth, { roundedOnce: true })).toMatchObject({
      bound: Float64Array.of(2 ** -30 + STEP),
    });
  });

  test('in halves that are stored as the nearest has half of that', () => {
    const { eps } = IN_HALVES.bf16;
    const held = (truth: number, acceptance: Acceptance, y: number) =>
      judge(
        value(y),
        value(truth),
        acceptanceOfRecorded(acceptance, 'BF16', value(truth), { storing: 'nearest' }),
      ).ok;
    const step = 2 ** -6;
    const exact: Acceptance = { kind: 'exact' };
    // Of what lies between two numbers of the format either end of half a step, and no farther.
    expect([2, 2 + step].map((y) => held(2 + step / 2, exact, y))).toEqual([true, true]);
    expect([2, 2 + step].map((y) => held(2 + 0.4 * step, exact, y))).toEqual([true, false]);
    expect(right(2 + step, 2 + 0.4 * step, exact, 'BF16')).toBe(true);
    // Below a power of two the next number may be a step of the larger ones away.
    const below = 2 - step / 8;
    expect([2, 2 - step / 2].map((y) => held(below, within(step / 4), y))).toEqual([true, true]);
    // A unit of float32 is one of rounding to the nearest, with what is of second order.
    const units = (n: number) => within(n * 2 ** -23);
    expect(held(0, units(5), 5 * eps)).toBe(true);
    expect(held(0, units(5), 5 * eps * 1.01)).toBe(false);
    expect(right(5 * eps * 1.01, 0, units(5), 'BF16')).toBe(true);
  });

  test('below the normal numbers has the units before, and what storing loses there', () => {
    // Two units of float32; the last is not of the number but of the format's least step.
    const y = 2 ** -16;
    const bound = within(2 * y * 2 ** -23);
    const { eps } = IN_HALVES.f16;
    expect(acceptanceOfRecorded(bound, 'F16', value(y), { storing: 'nearest' })).toMatchObject({
      bound: Float64Array.of(2 * y * eps + (2 ** -25 - y * eps)),
    });
  });

  test('near 0 may be the bound with the unit of halves and what a stored output carries off', () => {
    // A bound of 2^-30 is 2^-17 in float16; half a denormal step, 2^-24, times 256 is 2^-16; it is
    // stored a step of 2^-24 off.
    const flowing = 2 ** 8;
    const accepts = (y: number) =>
      judge(
        value(y),
        value(0),
        acceptanceOfRecorded(within(2 ** -30), 'F16', value(0), { flowing }),
      ).ok;
    const most = 2 ** -17 + 2 ** -16 + 2 ** -24;
    expect([most, -most].map(accepts)).toEqual([true, true]);
    expect(accepts(most + 2 ** -24)).toBe(false);
  });

  test('in halves is held to a step of its own size, whatever stands beside it', () => {
    const truth = { shape: [2], data: Float64Array.of(2, 1024) };
    const bounds = { kind: 'within', bound: Float64Array.of(2 ** -30, 2 ** -12) } as const;
    // Steps of 2^-9 and 1; the second bound is 2 with the unit of halves.
    expect(acceptanceOfRecorded(bounds, 'F16', truth)).toMatchObject({
      bound: Float64Array.of(2 ** -9 + 2 ** -30, 2),
    });
    expect(acceptanceOfRecorded({ kind: 'exact' }, 'F16', truth)).toMatchObject({
      bound: Float64Array.of(2 ** -9, 1),
    });
  });

  test('is held from the nearest of several right ones', () => {
    const either = within(0, (_, y) => (y > 5 ? 8 : 2));
    expect([2, 2 + 2 ** -9, 8, 8 - 2 ** -7, 5].map((y) => right(y, 2, either, 'F16'))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

test('halves are stored as the nearest on processors and by CUDA, elsewhere as either', () => {
  const stored = (device: string) => storingOf({ device });
  expect(['cpu', 'cuda:0 (NVIDIA H200)'].map(stored)).toEqual(['nearest', 'nearest']);
  expect(['mps', 'mlx', 'cpuish', 'a cpu'].map(stored)).toEqual(new Array(4).fill('either'));
});

test('a producer may add in any order, with two roundings more, of up to 2^22 terms', () => {
  const { depth, ieee, otherFormulas } = ANY_ORDER;
  expect([ieee, otherFormulas]).toEqual([false, true]);
  expect([0, 1, 1000, 2 ** 22 - 2, 2 ** 22, 2 ** 30].map(depth)).toEqual([
    2,
    3,
    1002,
    2 ** 22,
    2 ** 22,
    2 ** 22,
  ]);
});

describe('the arithmetic of who recorded', () => {
  const stored = (...dtypes: readonly StoredDType[]) =>
    Object.fromEntries(
      dtypes.map((dtype, i) => [`y${i}`, { dtype, shape: [2], bytes: new Uint8Array(8) }]),
    );
  const arithmetic = (
    outputs: ReturnType<typeof stored>,
    gradsOut: ReturnType<typeof stored> = {},
    accumulate?: 'float32',
  ) =>
    arithmeticOfRecorded({ accumulate, tensors: { inputs: {}, gradsIn: {}, outputs, gradsOut } });

  test('is in halves where all that was recorded is stored in one format', () => {
    expect(arithmetic(stored('BF16', 'BF16'), stored('BF16'))).toEqual({
      ...ANY_ORDER,
      halves: 'bf16',
    });
    expect(arithmetic({}, stored('F16')).halves).toBe('f16');
    for (const mixed of [stored('F16', 'BF16'), stored('F16', 'F32'), stored('F32'), {}])
      expect(arithmetic(mixed)).toBe(ANY_ORDER);
    expect(arithmetic(stored('F16'), stored('F32'))).toBe(ANY_ORDER);
  });

  test('is not told by one number in float32 beside tensors', () => {
    const number = { y1: { dtype: 'F32' as const, shape: [1], bytes: new Uint8Array(4) } };
    expect(arithmetic({ ...stored('F16'), ...number }).halves).toBe('f16');
    expect(arithmetic(number)).toBe(ANY_ORDER);
  });

  test('is in float32 where it says so, with halves between two sums', () => {
    expect(arithmetic(stored('BF16'), {}, 'float32')).toEqual({ ...ANY_ORDER, between: 'bf16' });
    expect(arithmetic(stored('F32'), {}, 'float32')).toBe(ANY_ORDER);
  });

  test('is not counted twice where a bound is of halves already', () => {
    const bound = Float64Array.of(2 ** -8);
    const counted = (computedIn: 'f16' | 'bf16') =>
      acceptanceOfRecorded({ kind: 'within', bound, computedIn }, 'F16', value(1));
    expect(counted('f16')).toMatchObject({ bound });
    expect(counted('bf16')).toMatchObject({ bound: Float64Array.of(2 ** 5) });
    const beyond = acceptanceOfRecorded(
      { kind: 'within', bound: Float64Array.of(64), computedIn: 'f16' },
      'F16',
      value(65_500),
    );
    expect(judge(value(Infinity), value(65_500), beyond).ok).toBe(true);
  });
});

describe('what is rounded once, as its producer says', () => {
  test('has the bound of float32 and a step of its format', () => {
    const truth = { shape: [2], data: Float64Array.of(2, 0.01) };
    const bound = { kind: 'within', bound: Float64Array.of(2 ** -20, 2 ** -20) } as const;
    expect(acceptanceOfRecorded(bound, 'BF16', truth, { roundedOnce: true })).toMatchObject({
      bound: Float64Array.of(2 ** -20 + 2 ** -6, 2 ** -20 + 2 ** -14),
    });
    expect(acceptanceOfRecorded(bound, 'F32', truth, { roundedOnce: true })).toBe(bound);
  });

  const tensor = (...shape: readonly number[]) =>
    ({ dtype: 'BF16', shape, bytes: new Uint8Array() }) as const;
  const rounded = (
    isGradient: boolean,
    inputs: Readonly<Record<string, ReturnType<typeof tensor>>>,
    { op = 'matmul', says = true } = {},
  ) => {
    const tensors = { inputs, gradsIn: {}, outputs: {}, gradsOut: {} };
    const told = { producer: 'torch 2', device: 'cpu', note: undefined, params: {} };
    const accumulate = says ? 'float32' : undefined;
    return isRoundedOnce({ op, accumulate, tensors, ...told }, { name: 'y', isGradient });
  };
  const a = tensor(2, 3);
  const b = tensor(3, 4);

  test('is every output, and nothing where it says nothing', () => {
    expect(rounded(false, { a, b })).toBe(true);
    expect(rounded(false, { x: a }, { op: 'softmax' })).toBe(true);
    expect(rounded(false, { a, b }, { says: false })).toBe(false);
    expect(rounded(true, { a, b }, { says: false })).toBe(false);
  });

  test('is what it names, of any op', () => {
    const tensors = { inputs: { x: a }, gradsIn: {}, outputs: {}, gradsOut: {} };
    const told = { op: 'silu', producer: 'torch 2', device: 'cpu', note: undefined, params: {} };
    const accumulate = { y: 'float32', 'grad.x': 'float32' } as const;
    const isNamed = (name: string, isGradient: boolean) =>
      isRoundedOnce({ ...told, accumulate, tensors }, { name, isGradient });
    expect([isNamed('y', false), isNamed('x', true)]).toEqual([true, true]);
    expect([isNamed('x', false), isNamed('y', true)]).toEqual([false, false]);
  });

  test('is the gradient of a product of matrices alone that are not broadcast', () => {
    expect(rounded(true, { a, b })).toBe(true);
    expect(rounded(true, { a: tensor(5, 2, 3), b: tensor(5, 3, 4) })).toBe(true);
    expect(rounded(true, { a: tensor(5, 2, 3), b: tensor(1, 3, 4) })).toBe(false);
    expect(rounded(true, { a: tensor(5, 2, 3), b })).toBe(false);
    expect(rounded(true, { a, b: tensor(3) })).toBe(false);
    expect(rounded(true, { a: tensor(3), b })).toBe(false);
    expect(rounded(true, { a, b, bias: tensor(4) })).toBe(false);
    expect(rounded(true, { x: a }, { op: 'softmax' })).toBe(false);
  });
});
