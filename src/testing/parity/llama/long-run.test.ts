import { beforeAll, describe, expect, test } from 'vitest';
import { judge } from '../../../reference/judge.ts';
import { outputsOf } from '../../../reference/llama/limits.ts';
import { type LlamaRun, llamaRun } from '../../../reference/llama/run.ts';
import type { Value, Values } from '../../../reference/record.ts';
import { storedRunner } from '../../../reference/step/stored-runner.ts';
import { Random } from '../../../tensor/random.ts';
import { type Shape, sizeOf } from '../../../tensor/shape.ts';
import { RunLimits } from './run-limits.ts';
import { weightShapes } from './weights.ts';

const STEPS = 200;
const CONFIG = {
  ...{ vocab: 11, hidden: 8, intermediate: 12, layers: 1, heads: 2, kv_heads: 1 },
  ...{ rms_eps: 1e-5, rope_theta: 1e4 },
};

const random = new Random(5);
const drawn = (shape: Shape, size = 0.5): Value => ({
  shape,
  data: Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(random.normal(size))),
});
/** Each token follows from the one before, so that there is something to learn. */
const tokens = (() => {
  const shape = [STEPS, 2, 7];
  const data = new Float64Array(sizeOf(shape));
  for (let i = 0; i < data.length; i++)
    data[i] = i % 7 === 0 ? random.integer(0, 10) : ((data[i - 1] as number) * 3 + 2) % 11;
  return { shape, data };
})();
const weights = Object.fromEntries(
  [...weightShapes(CONFIG)].map(([name, shape]) => [name, drawn(shape)]),
);
const common = {
  config: CONFIG,
  clip: 1,
  schedule: { name: 'cosine', warmup: 10, total: 220 },
  optimizer: { optimizer: 'adamw', lr: 0.01, weight_decay: 0.01 },
  input_ids: tokens,
  labels: tokens,
} as const;
const full: LlamaRun = { ...common, trained: weights, frozen: {} };
const adapters = Object.fromEntries(
  ['q_proj', 'v_proj'].flatMap((name) => {
    const at = `model.layers.0.self_attn.${name}`;
    const [out = 0, features = 0] = (weights[`${at}.weight`] as Value).shape;
    const lora_B = { shape: [out, 2], data: new Float64Array(2 * out) };
    return [
      [`${at}.lora_A`, drawn([2, features])],
      [`${at}.lora_B`, lora_B],
    ] as const;
  }),
);
const lora: LlamaRun = {
  ...common,
  optimizer: { ...common.optimizer, lr: 0.05 },
  adapter: { r: 2, alpha: 4 },
  trained: adapters,
  frozen: weights,
};

/** Names of outputs that are out of the limits of a run. */
async function outside(run: LlamaRun, recorded: Values): Promise<string[]> {
  const truth = outputsOf(await llamaRun(run));
  const limits = new RunLimits(run, true);
  const found: string[] = [];
  for (const [name, expected] of Object.entries(truth)) {
    const actual = recorded[name] as Value;
    const limit = await limits.widest(name, { actual, truth: expected });
    if (!judge(actual, expected, limit).ok) found.push(name);
  }
  return found;
}

describe('a run of 200 steps', () => {
  let twin: Values;
  beforeAll(async () => {
    // A right run in float32, of weights that are half a unit away.
    const moved = Object.entries(weights).map(([name, { shape, data }]) => {
      return [name, { shape, data: data.map((x) => x * (1 + 2 ** -24)) }] as const;
    });
    const other = { ...full, trained: Object.fromEntries(moved) };
    twin = outputsOf(await llamaRun(other, storedRunner('float32')));
  }, 120_000);

  test('is right where it leaves the one in float64 as far as right runs part', async () => {
    expect(await outside(full, twin)).toEqual([]);
  }, 120_000);

  test('is wrong where it strays in its first 20 steps by more than a short one may', async () => {
    const losses = twin['losses'] as Value;
    const data = losses.data.map((x, step) => (step === 19 ? x * (1 + 1.5e-4) : x));
    expect(await outside(full, { ...twin, losses: { ...losses, data } })).toEqual(['losses']);
  }, 120_000);

  test('is wrong where a late loss strays by more than 2 %', async () => {
    const losses = twin['losses'] as Value;
    const data = losses.data.map((x, step) => (step === 150 ? x * 1.021 : x));
    expect(await outside(full, { ...twin, losses: { ...losses, data } })).toEqual(['losses']);
  }, 120_000);

  const { optimizer } = common;
  const asBefore = (of: Value): Value => ({
    ...of,
    data: of.data.map((_, i) => of.data[Math.max(0, i - 1)] as number),
  });
  const wrong: Readonly<Record<string, readonly [LlamaRun, Partial<LlamaRun>]>> = {
    'no bias correction': [full, { optimizer: { ...optimizer, bias_correction: false } }],
    'no clipping': [full, { clip: Number.POSITIVE_INFINITY }],
    'labels of the same place': [full, { labels: asBefore(tokens) }],
    'the scale of rsLoRA': [lora, { adapter: { r: 2, alpha: 4, use_rslora: true } }],
    'frozen adapters': [lora, { optimizer: { ...optimizer, lr: 0, weight_decay: 0 } }],
  };
  test.each(Object.entries(wrong))(
    '%s is accused',
    async (_, [right, change]) => {
      const recorded = outputsOf(await llamaRun({ ...right, ...change }, storedRunner('float32')));
      expect(await outside(right, recorded)).toContain('losses');
    },
    120_000,
  );
});
