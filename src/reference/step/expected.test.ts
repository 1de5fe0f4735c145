import { describe, expect, test } from 'vitest';
import type { Acceptance, Acceptances, Value, Values } from '../record.ts';
import { expectedStep, namedState } from './expected.ts';
import type { Recipe, StepState } from './state.ts';

const vector = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});
const numbers = (values: Values) =>
  Object.fromEntries(Object.entries(values).map(([name, { data }]) => [name, [...data]]));
/** Bounds in units of 2^-23. */
const units = (acceptance: Acceptance | undefined) =>
  acceptance?.kind === 'within' ? [...acceptance.bound].map((x) => x * 2 ** 23) : acceptance;
const near = (...values: readonly number[]) => values.map((x) => expect.closeTo(x, 3));

/** SGD with momentum, at a quarter in the second of two steps of the schedule. */
const recipe: Recipe = {
  optimizer: { optimizer: 'sgd', lr: 0.5, momentum: 0.5, weight_decay: 0, dampening: 0.5 },
  schedule: { name: 'linear', warmup: 0, total: 2 },
  clip: 1,
  scaler: { init_scale: 4, growth_factor: 2, backoff_factor: 0.5, growth_interval: 1 },
};
const before: StepState = {
  trained: { w: vector(1, -2) },
  kept: { momentum_buffer: { w: vector(8, 0) } },
  taken: 1,
  scheduled: 1,
  scale: 4,
  growth_tracker: 0,
  statistics: { 'bn.running_mean': vector(7) },
};
/** Unscaled 3 and 4, of norm 5; the party took others. */
const seen = { given: { w: vector(12, 16) }, taken: { w: vector(3, -4) } };

describe('a step', () => {
  const { isSkipped, truth, acceptances } = expectedStep(recipe, before, seen);

  test('has gradients and norm of what was given, and the update of what was taken', () => {
    expect(isSkipped).toBe(false);
    const told = numbers(truth);
    expect(told['gradient of w']).toEqual([expect.closeTo(0.6, 5), expect.closeTo(0.8, 5)]);
    // Half the buffer and half the gradient that was taken, at a rate of a quarter.
    expect(told).toMatchObject({
      norm: [5],
      'momentum_buffer of w': [5.5, -2],
      'param of w': [-0.375, -1.5],
      scale: [8],
      growth_tracker: [0],
      steps: [2],
    });
    expect(Object.keys(told).sort()).toEqual(
      [
        ...['gradient of w', 'growth_tracker', 'momentum_buffer of w', 'norm', 'param of w'],
        ...['scale', 'steps'],
      ].sort(),
    );
  });

  test('may be off by the roundings of each stage', () => {
    // The norm: gamma_3 / 2 and 4.5 of 5, and what unscaling leaves, 2.5 of 5.
    expect(units(acceptances['norm'])).toEqual(near((30 + 12.5) * 1.001));
    // A gradient: a fifth of its own and of the norm's share, and the clipping's own bound.
    const carried = 0.2 * (7.5 + (3 * 12.5) / 5) * 1.001;
    const own = 3 * 0.2 * (6 + 3.5) * 1.001 + 0.6 * 1.001;
    expect(units(acceptances['gradient of w'])).toEqual(
      near(carried + own, ((carried + own) * 4) / 3),
    );
    expect(units(acceptances['momentum_buffer of w'])).toEqual(near(11 * 1.001, 4 * 1.001));
    const ofParam = (buffer: number, step: number, after: number) =>
      (0.25 * buffer * 1.001 + step + after) * 1.001;
    expect(units(acceptances['param of w'])).toEqual(
      near(ofParam(11, 1.375, 0.375), ofParam(4, 0.5, 1.5)),
    );
    expect(units(acceptances['scale'])).toEqual([8]);
    expect([acceptances['growth_tracker'], acceptances['steps']]).toEqual([
      { kind: 'exact' },
      { kind: 'exact' },
    ]);
  });

  test('fills the buffer with the gradient at first, undamped', () => {
    const first = { ...before, taken: 0, kept: { momentum_buffer: { w: vector(0, 0) } } };
    const step = expectedStep(recipe, first, seen);
    expect(numbers(step.truth)['momentum_buffer of w']).toEqual([3, -4]);
    expect(units(step.acceptances['momentum_buffer of w'])).toEqual(near(6.006, 8.008));
  });

  test('that is not clipped adds what unscaling leaves off alone', () => {
    const open = expectedStep({ ...recipe, clip: Number.POSITIVE_INFINITY }, before, seen);
    expect(numbers(open.truth)['gradient of w']).toEqual([3, 4]);
    expect(units(open.acceptances['gradient of w'])).toEqual(near(15 * 1.001, 20 * 1.001));
  });

  test('that is neither scaled nor clipped leaves gradients as they are', () => {
    const plain: Recipe = { ...recipe, scaler: undefined, clip: Number.POSITIVE_INFINITY };
    const { acceptances: bounds, truth: told } = expectedStep(plain, { ...before, scale: 1 }, seen);
    expect(numbers(told)).toMatchObject({ 'gradient of w': [12, 16], norm: [20], scale: [1] });
    expect(boundOf(bounds, 'gradient of w')).toEqual([2 ** -126, 2 ** -126]);
    expect(boundOf(bounds, 'scale')).toEqual([0]);
    expect(units(bounds['norm'])).toEqual(near(120 * 1.001));
  });

  test('of gradients that are 0 has no bound below 0, and what may be flushed', () => {
    const zero = { given: { w: vector(0, 0) }, taken: { w: vector(0, 0) } };
    const { acceptances: bounds } = expectedStep(recipe, before, zero);
    // Two flushes of the division, carried, beside that of the clipping.
    expect(boundOf(bounds, 'gradient of w').map((x) => x * 2 ** 126)).toEqual(
      near(1 + 2 * 1.001, 1 + 2 * 1.001),
    );
    expect(boundOf(bounds, 'norm')[0]).toBeGreaterThan(0);
  });
});

function boundOf(acceptances: Acceptances, name: string): readonly number[] {
  const acceptance = acceptances[name];
  return acceptance?.kind === 'within' ? [...acceptance.bound] : [];
}

test('a step that overflows leaves all but the scale, and its gradients are not judged', () => {
  const over = { given: { w: vector(Number.POSITIVE_INFINITY, 16) }, taken: seen.taken };
  const { isSkipped, truth, acceptances } = expectedStep(recipe, before, over);
  expect(isSkipped).toBe(true);
  expect(numbers(truth)).toEqual({
    'param of w': [1, -2],
    'momentum_buffer of w': [8, 0],
    scale: [2],
    growth_tracker: [0],
    steps: [1],
  });
  expect(acceptances).toMatchObject({
    'param of w': { kind: 'exact' },
    'momentum_buffer of w': { kind: 'exact' },
    steps: { kind: 'exact' },
  });
  expect(boundOf(acceptances, 'scale')).toEqual([2 * 2 ** -23]);
});

test('a state has all by its names, statistics too', () => {
  expect(numbers(namedState(before))).toEqual({
    'param of w': [1, -2],
    'momentum_buffer of w': [8, 0],
    scale: [4],
    growth_tracker: [0],
    steps: [1],
    'statistic of bn.running_mean': [7],
  });
});
