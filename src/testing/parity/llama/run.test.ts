import { describe, expect, test } from 'vitest';
import { judge } from '../../../reference/judge.ts';
import { limitOf, outputsOf } from '../../../reference/llama/limits.ts';
import { type LlamaRun, llamaRun } from '../../../reference/llama/run.ts';
import type { Value, Values } from '../../../reference/record.ts';
import { valuesOfStored } from '../fit.ts';
import { recordingOf } from './fixtures/recording.ts';
import { outputName } from './names.ts';
import { startOf } from './start.ts';

/** The first step has a rate of 0 and the second half of the rest's: four show what updates do. */
const STEPS = 4;

const lora = recordingOf('llama_lora');

/** The run of its first steps. */
function shortened(run: LlamaRun): LlamaRun {
  const cut = ({ shape: [count = 1, ...batch], data }: Value): Value => ({
    shape: [STEPS, ...batch],
    data: data.subarray(0, (data.length / count) * STEPS),
  });
  return { ...run, input_ids: cut(run.input_ids), labels: cut(run.labels) };
}

/** What a run gives before its end. */
async function outputsBefore(run: LlamaRun): Promise<Values> {
  const { final: _, ...before } = await llamaRun(shortened(run));
  return outputsOf({ ...before, final: {} });
}

/** How many limits `actual` is off. */
function limitsOff(name: string, { shape, data }: Value, truth: Value): number {
  const actual = { shape: truth.shape, data: data.subarray(0, truth.data.length) };
  expect(shape.length).toBe(truth.shape.length);
  return judge(actual, truth, limitOf(name, truth)).accuracy?.boundUsed ?? Number.POSITIVE_INFINITY;
}

const runs = ['llama_full', 'llama_qlora_nf4_dora', 'llama_rslora_attention', 'llama_qlora_fp4'];
test.each(runs)('%s: the run in float64 is that of transformers and PEFT', async (name) => {
  const { params, inputs, outputs } = recordingOf(name);
  const truth = await outputsBefore(startOf(params, inputs));
  const recorded = Object.fromEntries(
    Object.entries(valuesOfStored(outputs, {})).map(([name, value]) => [outputName(name), value]),
  );
  expect(Object.keys(truth).filter((output) => !recorded[output])).toEqual([]);
  const off = Object.entries(truth).map(
    ([output, value]) => [output, limitsOff(output, recorded[output] as Value, value)] as const,
  );
  expect(off.filter(([, limits]) => !(limits < 0.1))).toEqual([]);
});

test.each([
  ['llama_qlora_of_some', 'model.layers.0.mlp.up_proj.weight'],
  ['llama_bnb_dora_of_some', 'model.layers.0.mlp.up_proj.weight'],
  ['llama_hqq_lora_of_some', 'model.layers.0.mlp.up_proj.weight'],
  ['llama_qlora_head_of_some', 'lm_head.weight'],
])(
  '%s: %s in codes without an adapter is computed as the library does',
  async (recording, name) => {
    const { params, inputs, outputs } = recordingOf(recording);
    const run = startOf(params, inputs);
    const recorded = valuesOfStored(outputs, {});
    const offOf = async (asked: LlamaRun) =>
      Object.entries(outputsOf(await llamaRun(asked))).map(([name, value]) => {
        const theirs = Object.entries(recorded).find(([output]) => outputName(output) === name);
        return limitsOff(name, theirs?.[1] as Value, value);
      });
    expect(Math.max(...(await offOf(run)))).toBeLessThan(0.1);
    // As it was before it was quantized.
    const dense = valuesOfStored(inputs, {})[`base.${name}`] as Value;
    const other = { ...run, frozen: { ...run.frozen, [name]: dense } };
    expect(Math.max(...(await offOf(other)))).toBeGreaterThan(10);
  },
);

test('a run whose norms and biases decay too is ten limits off what Trainer gave', async () => {
  const { params, inputs, outputs } = recordingOf('llama_trainer_decay');
  const recorded = valuesOfStored(outputs, {});
  const run = startOf(params, inputs);
  const offOf = async (asked: LlamaRun) =>
    Object.entries((await llamaRun(asked)).final).map(([name, value]) => ({
      name,
      limits: limitsOff(`final ${name}`, recorded[`final.${name}`] as Value, value),
    }));
  expect((await offOf(run)).filter(({ limits }) => !(limits < 1))).toEqual([]);
  const off = await offOf({ ...run, decays: undefined });
  const vectors = off.filter(({ name }) => /norm|bias/.test(name));
  expect(vectors).toHaveLength(6);
  expect(Math.min(...vectors.map(({ limits }) => limits))).toBeGreaterThan(10);
});

describe('what is wrong with a run is ten limits off', () => {
  const run = startOf(lora.params, lora.inputs);
  const truth = outputsBefore(run);
  const adapter = run.adapter as NonNullable<LlamaRun['adapter']>;
  const wrong: Readonly<Record<string, Partial<LlamaRun>>> = {
    'the scale alpha': { adapter: { ...adapter, alpha: adapter.alpha * adapter.r } },
    'the scale of rsLoRA': { adapter: { ...adapter, use_rslora: true } },
    'another theta': { config: { ...run.config, rope_theta: 5e5 } },
    'an eps of 1e-2': { config: { ...run.config, rms_eps: 1e-2 } },
    'no warm-up': { schedule: { ...run.schedule, warmup: 0 } },
    'a linear schedule': { schedule: { ...run.schedule, name: 'linear' } },
    'plain SGD': { optimizer: { optimizer: 'sgd', lr: run.optimizer.lr } },
    'labels of the same place': {
      labels: {
        ...run.labels,
        data: run.labels.data.map((_, i) => run.labels.data[Math.max(0, i - 1)] as number),
      },
    },
  };
  test.each(Object.entries(wrong))('%s', async (_, change) => {
    const other = await outputsBefore({ ...run, ...change });
    const off = Object.entries(await truth).map(([name, value]) =>
      limitsOff(name, other[name] as Value, value),
    );
    expect(Math.max(...off)).toBeGreaterThan(10);
  });
});
