import { describe, expect, test } from 'vitest';
import { maxAbs } from '../../../reference/bounds.ts';
import { judge } from '../../../reference/judge.ts';
import { halfSpreadOf } from '../../../reference/llama/half-limits.ts';
import { lateLimitOf, limitOf, narrowLimitOf, outputsOf } from '../../../reference/llama/limits.ts';
import { type LlamaRun, llamaRun } from '../../../reference/llama/run.ts';
import { longSpreadOf, simulatedRun, spreadOf } from '../../../reference/llama/spread.ts';
import type { Value } from '../../../reference/record.ts';
import { Random } from '../../../tensor/random.ts';
import { type Shape, sizeOf } from '../../../tensor/shape.ts';
import { RunLimits } from './run-limits.ts';
import { weightShapes } from './weights.ts';

const CONFIG = {
  vocab: 11,
  hidden: 8,
  intermediate: 12,
  layers: 1,
  heads: 2,
  kv_heads: 1,
  rms_eps: 1e-5,
  rope_theta: 1e4,
};
const STEPS = 6;

const random = new Random(5);
const drawn = (shape: Shape): Value => ({
  shape,
  data: Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(random.normal(0.5))),
});
const tokens = (): Value => ({
  shape: [STEPS, 2, 7],
  data: Float64Array.from({ length: STEPS * 14 }, () => random.integer(0, 10)),
});
const run: LlamaRun = {
  config: CONFIG,
  clip: 1,
  schedule: { name: 'cosine', warmup: 1, total: STEPS },
  optimizer: { optimizer: 'adamw', lr: 0.01, weight_decay: 0.01 },
  trained: Object.fromEntries(
    [...weightShapes(CONFIG)].map(([name, shape]) => [name, drawn(shape)]),
  ),
  frozen: {},
  input_ids: tokens(),
  labels: tokens(),
};
const truth = await llamaRun(run);
const CURVES = ['losses', 'grad_norms'] as const;

/** The curves that do not keep their limits. */
async function outside(
  ran: Pick<typeof truth, (typeof CURVES)[number]>,
  ieee: boolean,
): Promise<string[]> {
  const limits = new RunLimits(run, ieee);
  const found: string[] = [];
  for (const name of CURVES) {
    const [actual, expected] = [ran[name] as Value, truth[name] as Value];
    const limit = await limits.of(name, { actual, truth: expected });
    if (!judge(actual, expected, limit).ok) found.push(name);
  }
  return found;
}

test.each(['nearest', 'random'] as const)(
  'a GPU that rounds to %s keeps the narrow limits',
  async (rounding) => {
    const ran = await simulatedRun(run, { rounding, contraction: false, flush: true }, 99);
    expect(await outside(ran, true)).toEqual([]);
  },
);

describe('what the wide limits let pass is seen where the adapter rounds to nearest', () => {
  const { optimizer } = run;
  test.each([
    ['a second beta of 0.9985', { optimizer: { ...optimizer, betas: [0.9, 0.9985] } }],
    ['a rate of 2e-4 too much', { optimizer: { ...optimizer, lr: optimizer.lr * (1 + 2e-4) } }],
    ['a decay of a tenth too much', { optimizer: { ...optimizer, weight_decay: 0.011 } }],
  ] as const)('%s', async (_, change) => {
    const wrong = await llamaRun({ ...run, ...change } as LlamaRun);
    expect(await outside(wrong, true)).not.toEqual([]);
    expect(await outside(wrong, false)).toEqual([]);
  });
});

test('the spread is that of roundings, and does not shrink', async () => {
  const spread = await spreadOf(run);
  for (const name of CURVES) {
    for (const [step, apart] of spread[name].entries()) {
      expect(apart).toBeLessThan(1e-5 * (truth[name]?.data[step] as number));
      expect(apart).toBeGreaterThanOrEqual(spread[name][step - 1] ?? 0);
    }
    expect(spread[name].at(-1)).toBeGreaterThan(0);
  }
});

test('trained weights of a short run too may be off by the spread of right ones', async () => {
  const limits = new RunLimits(run, true);
  const name = 'final.model.norm.weight';
  const weights = outputsOf(truth)[name] as Value;
  const off = (share: number): Value => ({
    ...weights,
    data: weights.data.with(0, (weights.data[0] as number) + share * maxAbs(weights.data)),
  });
  const spread = (await longSpreadOf(run))[name] as Float64Array;
  expect(await limits.widest(name, { actual: off(0.01), truth: weights })).toEqual(
    lateLimitOf(name, weights, spread),
  );
  for (const share of [1e-4, 0.03])
    expect(await limits.widest(name, { actual: off(share), truth: weights })).toEqual(
      limitOf(name, weights),
    );
});

describe('a limit that needs no spread', () => {
  /** It knows nothing of its run: to compute a spread would fail. */
  const limits = new RunLimits({} as LlamaRun, true);
  const curve = (...data: number[]): Value => ({
    shape: [data.length],
    data: Float64Array.from(data),
  });
  const losses = curve(2, 1, 0.5);

  test('is the narrow one for what keeps it, and the wide one for what keeps neither', async () => {
    expect(await limits.of('losses', { actual: losses, truth: losses })).toEqual(
      narrowLimitOf('losses', losses),
    );
    const wild = curve(2, 1, 0.6);
    expect(await limits.of('losses', { actual: wild, truth: losses })).toEqual(
      limitOf('losses', losses),
    );
  });

  test('leaves out steps whose truth is no number', async () => {
    const without = curve(2, Number.NaN, 0.5);
    const least = narrowLimitOf('losses', without);
    expect(await limits.of('losses', { actual: losses, truth: without })).toEqual(least);
  });
});

test('held are all outputs, and in halves those of the first step and the curve of losses', () => {
  const names = ['losses', 'grad_norms', 'grad0.x', 'final.x'];
  const held = (more: Partial<LlamaRun>) => {
    const limits = new RunLimits(more as LlamaRun, true);
    return names.filter((name) => limits.holds(name));
  };
  expect(held({})).toEqual(names);
  expect(held({ autocast: 'float16' })).toEqual(['losses', 'grad0.x']);
});

test('not judged are steps without a truth, and in halves all losses from the 21st on', () => {
  const data = new Float64Array(23);
  data[3] = Number.NaN;
  const marked = (name: string, more: Partial<LlamaRun>) => {
    const marks = new RunLimits(more as LlamaRun, true).unjudged(name, { shape: [23], data });
    return [...marks.entries()].flatMap(([i, mark]) => (mark === 0 ? [] : [[i, mark]]));
  };
  expect(marked('losses', {})).toEqual([[3, 1]]);
  expect(marked('losses', { autocast: 'float16' })).toEqual([
    [3, 1],
    [20, 1],
    [21, 1],
    [22, 1],
  ]);
  expect(marked('lrs', { autocast: 'float16' })).toEqual([[3, 1]]);
});

test('in halves a scale of the loss is held step by step, whatever steps were not run', async () => {
  const scaler = { init_scale: 1024, growth_factor: 2, backoff_factor: 0.5, growth_interval: 4 };
  const limits = new RunLimits({ ...run, autocast: 'float16', scaler }, true);
  const scale: Value = { shape: [23], data: new Float64Array(23).fill(Number.NaN) };
  scale.data.set([1024, 2 ** 40, 2 ** 41]);
  const isRight = async (data: Float64Array) => {
    const actual = { ...scale, data };
    const limit = await limits.widest('scale', { actual, truth: scale });
    return judge(actual, scale, limit, limits.unjudged('scale', scale)).ok;
  };
  expect(await isRight(scale.data)).toBe(true);
  // A share of the largest would be more than the first scale is.
  for (const step of [0, 1, 2])
    expect(await isRight(scale.data.with(step, 1.01 * (scale.data[step] as number)))).toBe(false);
});

describe('the spread of a run in halves', () => {
  const ofLogits = async (of: LlamaRun) => (await halfSpreadOf(of, 'bfloat16'))['logits_step0'];

  test('is that of its trained weights', async () => {
    expect(await ofLogits(run)).toBeGreaterThan(2 ** -9);
  });

  test('is that of frozen weights too, where an adapter adds nothing yet', async () => {
    const query = 'model.layers.0.self_attn.q_proj';
    const lora_B = { shape: [8, 2], data: new Float64Array(16) };
    const trained = { [`${query}.lora_A`]: drawn([2, 8]), [`${query}.lora_B`]: lora_B };
    const adapted = { ...run, trained, frozen: run.trained, adapter: { r: 2, alpha: 2 } };
    expect(await ofLogits(adapted)).toBeGreaterThan(2 ** -9);
  });

  test('is a step of the smallest half at least, where all gradients are rounded to 0', async () => {
    const scaler = { init_scale: 2 ** -40, growth_factor: 2, backoff_factor: 0.5 };
    const lost = { ...run, scaler: { ...scaler, growth_interval: 1 } };
    const { 'grad0.lm_head.weight': apart } = await halfSpreadOf(lost, 'float16');
    expect(apart).toBe(2 ** (-24 + 40));
  });
});
