import { describe, expect, test } from 'vitest';
import type { Value, Values } from '../record.ts';
import { referenceRunner } from '../runner.ts';
import { type LlamaRun, llamaRun } from './run.ts';

const of = (shape: readonly number[], ...data: readonly number[]): Value => ({
  shape,
  data: Float64Array.from(data),
});

/**
 * No layer: each token is embedded as ones, which stay ones, and its logits are 0 and ln 3, of
 * probabilities 1/4 and 3/4.
 */
const half = Math.log(3) / 2;
const frozen: Values = {
  'model.embed_tokens.weight': of([2, 2], 1, 1, 1, 1),
  'model.norm.weight': of([2], 1, 1),
  // Of another shape than what is trained, which goes before it.
  'lm_head.weight': of([3, 2], 9, 9, 9, 9, 9, 9),
};
const ids = of([4, 1, 3], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
/** Of the first step the parts ask one and two labels, since the first of a sequence is no one's. */
const labels = of([4, 1, 3], 0, 0, -100, -100, 1, 1, 1, 1, 1, 1, 1, 1);
const run: LlamaRun = {
  config: { hidden: 2, layers: 0, heads: 1, kv_heads: 1, rms_eps: 0, rope_theta: 100 },
  trained: { 'lm_head.weight': of([2, 2], 0, 0, half, half) },
  frozen,
  grad_accum: 2,
  input_ids: ids,
  labels,
  optimizer: { optimizer: 'sgd', lr: 0.5 },
  schedule: { name: 'linear', warmup: 0, total: 2 },
  clip: Number.POSITIVE_INFINITY,
};
const near = (...numbers: readonly number[]) => numbers.map((x) => expect.closeTo(x, 6));
const numbersOf = (value: Value | undefined) => [...(value?.data ?? [])];

describe('the run of a Llama', () => {
  test('has the losses and gradients of parts that weigh as what they ask of the next token', async () => {
    const ran = await llamaRun(run, referenceRunner);
    // ln 4 of one label, ln 4/3 of two.
    const first = (Math.log(4) + 2 * Math.log(4 / 3)) / 3;
    // A quarter less 1 of one, a quarter of two.
    const slope = (-0.75 + 2 * 0.25) / 3;
    expect(numbersOf(ran.grad0['lm_head.weight'])).toEqual(near(slope, slope, -slope, -slope));
    expect(numbersOf(ran.logits_step0)).toEqual(near(0, 2 * half, 0, 2 * half, 0, 2 * half));
    expect(ran.logits_step0.shape).toEqual([1, 3, 2]);
    // The rate is a half, then a quarter; both columns of a row move alike.
    const apart = Math.log(3) + 2 * slope;
    const second = Math.log(1 + Math.exp(-apart));
    expect(ran.losses.shape).toEqual([2]);
    expect(numbersOf(ran.losses)).toEqual(near(first, second));
    expect(numbersOf(ran.lrs)).toEqual([0.5, 0.25]);
    const next = 1 / (1 + Math.exp(apart));
    expect(numbersOf(ran.grad_norms)).toEqual(near(2 * Math.abs(slope), 2 * next));
    const moved = 0.5 * slope + 0.25 * next;
    expect(numbersOf(ran.final['lm_head.weight'])).toEqual(
      near(-moved, -moved, half + moved, half + moved),
    );
    expect([Object.keys(ran.final), ran.scale]).toEqual([['lm_head.weight'], undefined]);
  });

  test('has a micro-batch a step where nothing else is said', async () => {
    const { grad_accum: _, ...single } = run;
    const { losses } = await llamaRun({ ...single, optimizer: { optimizer: 'sgd', lr: 0 } });
    expect(numbersOf(losses)).toEqual(
      near(Math.log(4), Math.log(4 / 3), Math.log(4 / 3), Math.log(4 / 3)),
    );
  });

  test('overflows where float32 does, unless another arithmetic is asked for', async () => {
    const scaler = { growth_factor: 2, backoff_factor: 0.5, growth_interval: 9 };
    const large = { ...run, scaler: { ...scaler, init_scale: 2 ** 140 } };
    const [own, exact] = await Promise.all([llamaRun(large), llamaRun(large, referenceRunner)]);
    expect(numbersOf(own?.grad_norms)).toEqual([Number.NaN, Number.NaN]);
    expect(numbersOf(exact?.grad_norms)[0]).toBeCloseTo(1 / 6, 6);
  });

  test('whose loss is scaled tells the scale, and no norm of what is left out', async () => {
    const scaler = { init_scale: 8, growth_factor: 2, backoff_factor: 0.5, growth_interval: 1 };
    const plain = await llamaRun(run, referenceRunner);
    const scaled = await llamaRun({ ...run, scaler }, referenceRunner);
    expect(numbersOf(scaled.scale)).toEqual([16, 32]);
    const of1 = ({ grad0 }: typeof plain) => numbersOf(grad0['lm_head.weight']);
    expect(of1(scaled)).toEqual(near(...of1(plain)));
    const over = { ...scaler, init_scale: Number.POSITIVE_INFINITY };
    const skipped = await llamaRun({ ...run, scaler: over }, referenceRunner);
    expect(numbersOf(skipped.grad_norms)).toEqual([Number.NaN, Number.NaN]);
  });
});
