import { describe, expect, test } from 'vitest';
import { EPS, SECOND_ORDER } from '../bounds.ts';
import { judge } from '../judge.ts';
import type { Value } from '../record.ts';
import { record } from './optimizer_steps.ts';

const of = (shape: readonly number[], ...data: readonly number[]): Value => ({
  shape,
  data: Float64Array.from(data),
});
const arithmetic = { depth: (terms: number) => terms, ieee: false };

test('a trajectory is judged from the parameter before each step', () => {
  // Without momentum a step of SGD takes lr times the gradient.
  const inputs = { param: of([2], 10, 20), grads: of([3, 2], 1, 2, 3, 4, 5, 6) };
  const params = { optimizer: 'sgd', lr: 0.5 } as const;
  const { trajectory, previous } = record.forward(inputs, params) as Record<string, Value>;
  expect([...(trajectory as Value).data]).toEqual([9.5, 19, 8, 17, 5.5, 14]);
  expect([...(previous as Value).data]).toEqual([10, 20, 9.5, 19, 8, 17]);
  const actual = { trajectory: of([3, 2], 100, 200, 300, 400, 500, 600) };
  const from = record.forwardFrom?.(inputs, actual, params) as Record<string, Value>;
  expect([...(from['trajectory'] as Value).data]).toEqual([9.5, 19, 98.5, 198, 297.5, 397]);
  expect([...(from['previous'] as Value).data]).toEqual([10, 20, 100, 200, 300, 400]);
  expect(from['state.momentum_buffer']).toEqual(of([2], 5, 6));
  // Of SGD without momentum: the gradient of 5 is copied, 300 less half of it is 297.5.
  const { trajectory: off } = record.acceptance(inputs, from as never, params, arithmetic);
  const buffer = EPS * (5 + 5) * SECOND_ORDER;
  expect(off?.kind === 'within' && off.bound[4]).toBeCloseTo(
    (buffer / 2 + EPS * (2.5 + 297.5)) * SECOND_ORDER,
    18,
  );
  expect(() => record.acceptance(inputs, actual as never, params, arithmetic)).toThrow(
    'no parameter before each step was kept',
  );
});

test('a buffer that is given goes on, and one that is not begins with the gradient', () => {
  const inputs = { param: of([1], 0), grads: of([2, 1], 4, 4) };
  const params = { optimizer: 'sgd', lr: 1, momentum: 0.5, dampening: 0.5 } as const;
  const first = record.forward(inputs, params) as Record<string, Value>;
  expect(first['trajectory']).toEqual(of([2, 1], -4, -8));
  expect(first['state.momentum_buffer']).toEqual(of([1], 4));
  const given = { ...inputs, 'state.momentum_buffer': of([1], 12) };
  const next = record.forward(given, params) as Record<string, Value>;
  expect(next['trajectory']).toEqual(of([2, 1], -8, -14));
  expect(next['state.momentum_buffer']).toEqual(of([1], 6));
});

test('only optimizers that are here are computed', () => {
  const of1 = (optimizer: string) => record.unsupported?.({}, { optimizer } as never);
  expect(['adam', 'adamw', 'sgd', 'momentum', 'adagrad'].map(of1)).toEqual(
    new Array(5).fill(undefined),
  );
  expect(of1('lion')).toBe('the optimizer lion');
});

test('a library in halves keeps the parameter and its state in them', () => {
  const inputs = { param: of([1], 8), grads: of([2, 1], 4, 4) };
  const params = { optimizer: 'sgd', lr: 0.5, momentum: 0.5 } as const;
  const outputs = record.forward(inputs, params) as never;
  const bounds = (halves?: 'bf16') => {
    const given = { ...arithmetic, ...(halves ? { halves } : {}) };
    return record.acceptance(inputs, outputs, params, given);
  };
  const buffer = bounds()['state.momentum_buffer'];
  const coarse = bounds('bf16')['state.momentum_buffer'];
  if (buffer?.kind !== 'within' || coarse?.kind !== 'within') throw new TypeError('no bound');
  expect([buffer.computedIn, coarse.computedIn]).toEqual([undefined, 'bf16']);
  expect((coarse.bound[0] as number) / (buffer.bound[0] as number)).toBeCloseTo(
    2 ** 15 * (17 / 16),
    3,
  );
});

describe("steps of a library's Muon", () => {
  const params = { optimizer: 'muon', lr: 0.5, weight_decay: 0.5, momentum: 0 } as const;
  const inputs = {
    param: of([2, 3], 1, -1, 2, 0, 0.5, 4),
    grads: of([2, 2, 3], 1, 2, 3, -1, 0.5, 0.25, 3, 2, 1, 0.25, 0.5, -1),
  };
  // torch 2.15.0 makes these of both gradients, in bfloat16.
  const MADE = [
    [0.2333984375, 0.369140625, 0.57421875, -0.90625, 0.35546875, 0.09765625],
    [0.57421875, 0.369140625, 0.2333984375, 0.09765625, 0.35546875, -0.90625],
  ];
  const recorded = () => {
    const steps = MADE.map((_, t) =>
      Array.from(inputs.param.data, (start, i) =>
        MADE.slice(0, t + 1).reduce((x, made) => 0.75 * x - 0.5 * (made[i] as number), start),
      ),
    );
    return of([2, 2, 3], ...steps.flat());
  };
  const library = { ...arithmetic, otherFormulas: true };
  const judged = (trajectory: Value, of = library) => {
    const truth = record.forwardFrom?.(inputs, { trajectory }, params) as Record<string, Value>;
    const { trajectory: acceptance } = record.acceptance(inputs, truth as never, params, of);
    if (acceptance?.kind !== 'within') throw new TypeError('no bound');
    return { acceptance, ...judge(trajectory, truth['trajectory'] as Value, acceptance) };
  };

  test('are held to just the roundings of bfloat16', () => {
    const { ok, acceptance } = judged(recorded());
    expect([ok, acceptance.loose]).toEqual([true, undefined]);
    expect(Math.max(...acceptance.bound)).toBeLessThan(1e-6);
  });

  test('are held to how long they can be where one of them is not that, which is said', () => {
    const wrong = recorded();
    wrong.data[8] = (wrong.data[8] as number) + 1e-3;
    const { ok, acceptance } = judged(wrong);
    expect(ok).toBe(true);
    expect(acceptance.loose).toBe(
      'steps 2 are not those of sums that are rounded once to bfloat16; of an element of others only its size is known',
    );
    // No element of two orthogonal rows is longer than both: half of that, and of the truth, a step.
    for (const reach of acceptance.bound.slice(6)) {
      expect(reach).toBeGreaterThan(0.5);
      expect(reach).toBeLessThan(2);
    }
    expect(Math.max(...acceptance.bound.slice(0, 6))).toBeLessThan(1e-6);
  });

  test.each([
    ['not taken', 0],
    ['taken twice', 2],
    ['taken the other way', -1],
    ['half taken', 0.4],
  ])('are not as a whole what no library gives: %s', (_, factor) => {
    const wrong = recorded();
    for (let i = 0; i < 6; i++) {
      const before = wrong.data[i] as number;
      wrong.data[6 + i] = 0.75 * before - 0.5 * factor * ((MADE[1] as number[])[i] as number);
    }
    const { ok, acceptance, firstWrong, wrong: count } = judged(wrong);
    expect([ok, acceptance.loose, firstWrong?.index, count]).toEqual([
      false,
      undefined,
      [1, 0, 0],
      6,
    ]);
    const halves = judged(wrong, { ...library, halves: 'bf16' } as never);
    expect(halves.ok, 'of halves the size alone is known').toBe(factor === -1);
  });

  test('in halves are held to how long they can be', () => {
    const { acceptance } = judged(recorded(), { ...library, halves: 'bf16' } as never);
    expect(acceptance.loose).toMatch(/^steps 1, 2 are not/);
    const far = recorded();
    far.data[8] = (far.data[8] as number) + 1e3;
    const library16 = { ...library, halves: 'bf16' } as never;
    expect(judged(far, library16)).toMatchObject({ ok: false, firstWrong: { index: [1, 0, 2] } });
  });

  test('are not those of our kernels, which stay in float32', () => {
    const { ok, acceptance } = judged(recorded(), arithmetic as never);
    expect([ok, acceptance.loose]).toEqual([false, undefined]);
  });
});
