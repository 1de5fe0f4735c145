import { describe, expect, test } from 'vitest';
import { mapped } from '../../graph/call.ts';
import type { Value, Values } from '../record.ts';
import { clip, growScale, rateOf, schedule, stagesOf, unscale, update, updated } from './stages.ts';
import { freshState, type Recipe, type StepState } from './state.ts';

const vector = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});
const numbers = (values: Values) => mapped(values, ({ data }) => [...data]);

/** Powers of two, which float32 holds: every number below is exact. */
const recipe: Recipe = {
  optimizer: { optimizer: 'sgd', lr: 0.5, momentum: 0.5, weight_decay: 0, dampening: 0 },
  schedule: { name: 'linear', warmup: 2, total: 4 },
  clip: Number.POSITIVE_INFINITY,
  scaler: { init_scale: 8, growth_factor: 2, backoff_factor: 0.5, growth_interval: 2 },
};
const start = freshState(recipe, { w: vector(1, -2), b: vector(4) });

/** The states after steps with these gradients. */
function statesAfter(
  given: readonly Values[],
  of: Recipe = recipe,
  from: StepState = start,
): StepState[] {
  let state = from;
  return given.map((gradients) => {
    state = updated(of, state, gradients).state;
    return state;
  });
}

const GRADIENT = { w: vector(8, 16), b: vector(-32) };
const OVERFLOW = { w: vector(8, Number.POSITIVE_INFINITY), b: vector(-32) };

test('a network without norms has no statistics before its first step, and none after it', () => {
  expect(start.statistics).toEqual({});
  expect(statesAfter([GRADIENT], recipe, start).map(({ statistics }) => statistics)).toEqual([{}]);
});

describe('the stages of a step', () => {
  test('are in the order of torch, with its scaler and without', () => {
    // scaler.unscale_, clip_grad_norm_, scaler.step, scaler.update; then scheduler.step.
    expect(stagesOf(recipe)).toEqual([unscale, clip, update, growScale, schedule]);
    expect(stagesOf({ ...recipe, scaler: undefined })).toEqual([clip, update, schedule]);
  });

  test('unscale, then clip by the norm of all gradients together', () => {
    const gradients = { w: vector(24, 0), b: vector(-32) };
    const { norm, gradients: taken } = updated({ ...recipe, clip: 2.5 }, start, gradients);
    expect(norm).toBe(5);
    expect(taken['w']?.data[0]).toBeCloseTo(1.5, 5);
    expect(taken['b']?.data[0]).toBeCloseTo(-2, 5);
  });

  test('step at the rate of the schedule, which begins at 0, and keep the buffer', () => {
    const [first, second] = statesAfter([GRADIENT, GRADIENT]);
    expect(numbers(first?.trained ?? {})).toEqual({ w: [1, -2], b: [4] });
    expect(numbers(first?.kept['momentum_buffer'] ?? {})).toEqual({ w: [1, 2], b: [-4] });
    // 0.25 of the buffer 0.5 g + g.
    expect(numbers(second?.trained ?? {})).toEqual({ w: [0.625, -2.75], b: [5.5] });
  });

  test('leave out a step that overflows: it changes the scale alone, and no count of steps', () => {
    const [first, skipped] = statesAfter([GRADIENT, OVERFLOW]);
    expect(skipped).toEqual({ ...first, scale: 4, growth_tracker: 0 });
    expect(first).toMatchObject({ scale: 8, growth_tracker: 1, taken: 1, scheduled: 1 });
  });

  test('grow the scale after two steps in a row', () => {
    const states = statesAfter([GRADIENT, OVERFLOW, GRADIENT, GRADIENT]);
    expect(states.map(({ scale }) => scale)).toEqual([8, 4, 4, 8]);
    expect(states.map(({ growth_tracker }) => growth_tracker)).toEqual([1, 0, 1, 0]);
    expect(states.map((state) => rateOf(recipe, state))).toEqual([0.25, 0.25, 0.5, 0.25]);
  });

  test('update by what is clipped, in halves of a step', () => {
    const gradients = { w: vector(24, 0), b: vector(-32) };
    const at = { ...start, scheduled: 1 };
    const { state } = updated({ ...recipe, clip: 2.5 }, at, gradients);
    // A rate of a quarter times half the gradient 3 and -4.
    expect(state.trained['w']?.data[0]).toBeCloseTo(1 - 0.375, 5);
    expect(state.trained['b']?.data[0]).toBeCloseTo(4 + 0.5, 5);
    expect(state.trained['w']?.data[1]).toBe(-2);
  });

  test('damp no gradient of the first step, which fills the buffer', () => {
    const damped = { ...recipe, optimizer: { ...recipe.optimizer, dampening: 0.75 } };
    const [first, second] = statesAfter([GRADIENT, GRADIENT], damped);
    expect(numbers(first?.kept['momentum_buffer'] ?? {})).toEqual({ w: [1, 2], b: [-4] });
    expect(numbers(second?.kept['momentum_buffer'] ?? {})).toEqual({ w: [0.75, 1.5], b: [-3] });
  });

  test('store parameters as they are told, and nothing else', () => {
    const at = { ...start, scheduled: 1 };
    const { state } = updated(recipe, at, GRADIENT, { stored: (x) => x + 100 });
    expect(numbers(state.trained)).toEqual({ w: [100.75, 97.5], b: [105] });
    expect(numbers(state.kept['momentum_buffer'] ?? {})).toEqual({ w: [1, 2], b: [-4] });
  });

  test('know no scale where the loss is not scaled', () => {
    const plain = { ...recipe, scaler: undefined, schedule: { name: 'constant' } as const };
    const [state] = statesAfter([GRADIENT], plain, freshState(plain, start.trained));
    expect(state).toMatchObject({ scale: 1, growth_tracker: 0, taken: 1 });
    expect(numbers(state?.trained ?? {})).toEqual({ w: [-3, -10], b: [20] });
  });
});
