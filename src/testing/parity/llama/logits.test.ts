import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ParityBundle, readParityBundle } from '../../../formats/parity-bundle.ts';
import { toStored } from '../../../formats/safetensors/write.ts';
import { logitsLimit, logitsOf } from '../../../reference/llama/logits.ts';
import type { Value } from '../../../reference/record.ts';
import { hostTensorFrom } from '../../../tensor/host.ts';
import { CaseContext } from '../../context.ts';
import { valuesOfStored } from '../fit.ts';
import { controlOfLogits, LOGITS_CONTROLS, replayLogits } from './logits.ts';
import { askedOf, type LogitsAsked } from './logits-start.ts';
import { INTERLEAVED } from './replay.ts';

const recordingOf = (name: string) =>
  readParityBundle(readFileSync(`public/parity/transformers-5.23.0/logits_${name}.safetensors`));
const LINEAR = recordingOf('rope_linear');

/** The bundle with another config. */
const configured = (bundle: ParityBundle, change: object): ParityBundle => ({
  ...bundle,
  params: { config: { ...(bundle.params['config'] as object), ...change } },
});

/** The logits with one number moved. */
const moved = ({ shape, data }: Value, by: number): Value => ({
  shape,
  data: data.with(5, (data[5] as number) + by),
});

async function replayed(
  bundle: ParityBundle,
  { ours = 0, ieee = true }: { readonly ours?: number; readonly ieee?: boolean } = {},
) {
  const gpu = { memory: { guarded: false } };
  const t = new CaseContext({ gpu, ieee, seed: 1, injects: [] } as never);
  await replayLogits(t, bundle, async (_, { config, weights, ids }, judge) => {
    await judge([]);
    return moved(await logitsOf(config, weights, ids), ours);
  });
  return t.evidence;
}

/** The recording with one logit moved, in its last bits or far. */
function recordedOff(by: number): ParityBundle {
  const { shape, data } = valuesOfStored(LINEAR.tensors.outputs, {})['logits'] as Value;
  const stored = toStored(hostTensorFrom('f32', shape, moved({ shape, data }, by).data));
  return { ...LINEAR, tensors: { ...LINEAR.tensors, outputs: { logits: stored } } };
}

describe('logits of a model', () => {
  test('are held to those in float64, and to the recorded ones', async () => {
    const { finding, assertions } = await replayed(LINEAR);
    expect(finding).toBeUndefined();
    expect(assertions).toBe(2 * 2 * 24 * 97);
  });

  test('may be as far off as roundings lead, and no farther where these are to nearest', async () => {
    // The largest is 3.92: 1e-5 of it, ten times a spread that is smaller, 1e-3 of it.
    await replayed(LINEAR, { ours: 2e-5 });
    await expect(replayed(LINEAR, { ours: 1e-4 })).rejects.toThrow('logits[0, 0, 5] is');
    await replayed(LINEAR, { ours: 1e-3, ieee: false });
    await expect(replayed(LINEAR, { ours: 5e-3, ieee: false })).rejects.toThrow('logits[0, 0, 5]');
  });

  test('are not held to a recording that is out itself, which is the finding', async () => {
    const { finding, assertions } = await replayed(recordedOff(1e-3));
    expect(finding?.code).toBe('producer-deviates');
    expect(finding?.message).toMatch(/logits\[0, 0, 5\] is .*, the model in float64 gives/);
    expect(assertions).toBe(2 * 24 * 97);
  });

  test('that another device recorded are held to the limit of any arithmetic', async () => {
    const { finding } = await replayed({ ...recordedOff(1e-3), device: 'cuda:0' });
    expect(finding).toBeUndefined();
  });

  test('of a model that this version has no layers for are skipped', async () => {
    const rope = { rope_parameters: { rope_type: 'proportional', rope_theta: 500 } };
    await expect(replayed(configured(LINEAR, rope))).rejects.toMatchObject({
      code: 'not-implemented',
    });
    await expect(replayed(configured(LINEAR, { hidden_act: 'gelu' }))).rejects.toMatchObject({
      code: 'model-config',
    });
  });

  test('need every weight in its shape', () => {
    const { 'base.model.norm.weight': norm, ...inputs } = LINEAR.tensors.inputs;
    const without = { ...LINEAR, tensors: { ...LINEAR.tensors, inputs } };
    expect(norm).toBeDefined();
    expect(() => askedOf(without)).toThrow(
      'causal_lm_logits: in.base.model.norm.weight is missing',
    );
    expect(() => askedOf(configured(LINEAR, { num_hidden_layers: 900 }))).toThrow(
      'in.base.model.layers.899.input_layernorm.weight is missing',
    );
    expect(() => askedOf(configured(LINEAR, { intermediate_size: 41 }))).toThrow(
      'mlp.gate_proj.weight has shape 40x32 and should have 41x32',
    );
  });
});

test.each([
  ['rope_linear', 'positions turn as if they were not scaled'],
  ['rope_dynamic', 'positions turn as if they were not scaled'],
  ['rope_within_context', INTERLEAVED.name],
  ['rope_longrope_within', 'positions turn as if they were not scaled'],
  ['mistral', 'attention sees what is before the window'],
  ['mistral_without_window', INTERLEAVED.name],
  ['qwen3', 'queries and keys are not normalized'],
  ['qwen3_sliding_layer', 'attention sees what is before the window'],
  ['qwen2', 'linears without their biases'],
  ['llama', 'linears without their biases'],
])('%s turns red where %s', (name, control) => {
  expect(controlOfLogits(recordingOf(name)).name).toBe(control);
  expect([INTERLEAVED, ...LOGITS_CONTROLS].map(({ name: each }) => each)).toContain(control);
});

test('a configuration that is none has a control all the same', () => {
  expect(controlOfLogits(configured(LINEAR, { hidden_act: 'gelu' }))).toBe(INTERLEAVED);
});

/** Mistakes in a configuration or in weights, each on a recording that shows it. */
const MISTAKES: Readonly<
  Record<string, readonly [name: string, change: (asked: LogitsAsked) => LogitsAsked]>
> = {
  'an eps of 1e-6 for 1e-5': ['qwen3', configuredAs({ rms_eps: 1e-6 })],
  'theta wrong by 1e-3': ['llama', configuredAs({ rope_theta: 10_010 })],
  'no norms of heads': ['qwen3', configuredAs({ qk_norm: false })],
  'no bias of a key': ['qwen2', weighing('self_attn.k_proj.bias', 0)],
  'no bias of a value': ['qwen2', weighing('self_attn.v_proj.bias', 0)],
  'no bias of the feed-forward layer': ['llama', weighing('mlp.down_proj.bias', 0)],
  'a bias wrong by 1e-3': ['llama', weighing('mlp.up_proj.bias', 1.001)],
  'the embeddings wrong by 2e-4': ['qwen3', weighing('embed_tokens.weight', 1.0002)],
  'a window that is one wider': ['mistral', configuredAs({ sliding_window: windowOf(8, 0, 1) })],
  'no window': ['mistral', configuredAs({ sliding_window: windowOf(99) })],
  'a window in the other layer': [
    'qwen3_sliding_layer',
    configuredAs({ sliding_window: windowOf(5, 0) }),
  ],
  'positions that are not scaled': ['rope_llama3', configuredAs({ rope_scaling: undefined })],
  'linear positions by another factor': [
    'rope_linear',
    configuredAs({ rope_scaling: { rope_type: 'linear', factor: 4.01 } }),
  ],
  'no factor of yarn': ['rope_yarn', scaledAs({ attention_factor: 1 })],
  'a ramp of whole pairs': ['rope_yarn_mscale', scaledAs({ truncate: true })],
  'another end of the ramp': ['rope_yarn_mscale', scaledAs({ beta_fast: 32 })],
  'no factor of LongRoPE': ['rope_longrope', scaledAs({ attention_factor: 1 })],
  'LongRoPE as of a short text': [
    'rope_longrope',
    scaledAs({ original_max_position_embeddings: 24 }),
  ],
  'LongRoPE as of a long text': [
    'rope_longrope_within',
    scaledAs({ original_max_position_embeddings: 23 }),
  ],
  'dynamic positions that do not grow': ['rope_dynamic', scaledAs({ max_position_embeddings: 24 })],
};

function configuredAs(change: object) {
  return (asked: LogitsAsked): LogitsAsked => ({
    ...asked,
    config: { ...asked.config, ...change },
  });
}

function scaledAs(change: object) {
  return (asked: LogitsAsked): LogitsAsked => {
    const { rope_scaling } = asked.config;
    return configuredAs({ rope_scaling: { ...rope_scaling, ...change } })(asked);
  };
}

function weighing(part: string, factor: number) {
  return ({ weights, ...asked }: LogitsAsked): LogitsAsked => ({
    ...asked,
    weights: Object.fromEntries(
      Object.entries(weights).map(([name, { shape, data }]) => [
        name,
        { shape, data: name.endsWith(part) ? data.map((x) => factor * x) : data },
      ]),
    ),
  });
}

function windowOf(tokens: number, ...layers: readonly number[]) {
  return { tokens, layers };
}

test.each(Object.entries(MISTAKES))(
  'shows by ten limits or more: %s',
  async (_, [name, change]) => {
    const asked = askedOf(recordingOf(name));
    const logits = ({ config, weights, ids }: LogitsAsked) => logitsOf(config, weights, ids);
    const truth = await logits(asked);
    const actual = await logits(change(asked));
    const again = (weights: LogitsAsked['weights']) => logits({ ...asked, weights });
    const limit = await logitsLimit({ truth, actual, ieee: true }, asked.weights, again);
    const shares = actual.data.map((x, i) => {
      const bound = limit.kind === 'within' ? (limit.bound[i] as number) : Number.NaN;
      return Math.abs(x - (truth.data[i] as number)) / bound;
    });
    expect(Math.max(...shares)).toBeGreaterThan(10);
  },
);
