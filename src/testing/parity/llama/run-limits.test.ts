import { describe, expect, test } from 'vitest';
import { judge } from '../../../reference/judge.ts';
import { limitOf } from '../../../reference/llama/limits.ts';
import { type LlamaRun, llamaRun } from '../../../reference/llama/run.ts';
import { simulatedRun, spreadOf } from '../../../reference/llama/spread.ts';
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
    const limit = await limits.of(name, actual, expected);
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
    ['a second beta of 0.9988', { optimizer: { ...optimizer, betas: [0.9, 0.9988] } }],
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

test('where the recording strays within the wide limits, so may ours', async () => {
  const { losses } = truth;
  const strayed = { ...losses, data: losses.data.map((x) => x * (1 + 9e-5)) };
  const limits = new RunLimits(run, true);
  const beside = await limits.relativeTo('losses', losses, strayed, losses);
  expect(beside).toEqual(limitOf('losses', strayed));
  expect(judge(losses, strayed, beside).ok).toBe(true);
  const besideTruth = await limits.relativeTo('losses', strayed, losses, losses);
  expect(judge(strayed, losses, besideTruth).ok).toBe(false);
});
