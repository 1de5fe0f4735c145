import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readTrainLlama } from '../../formats/parity-bundle/train-llama.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { outputsOf } from '../../reference/llama/limits.ts';
import { llamaRun } from '../../reference/llama/run.ts';
import { CaseContext } from '../../testing/context.ts';
import {
  ADAPTERS,
  NO_LOSSES,
  OF_ADAPTERS,
  ONE_TEXT,
  recorded,
} from '../../testing/parity/llama/fixtures/tiny-run.ts';
import { trainOurs } from '../../testing/parity/llama/ours.ts';
import { replayRun } from '../../testing/parity/llama/replay.ts';
import { type StartedRun, startOf } from '../../testing/parity/llama/start.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Recorded runs with options that few have, replayed; and replayed wrong, which is noticed. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

/**
 * Replays a run that went as it was told, with these inputs beside its weights, where ours is told
 * what `mistaken` makes of it.
 */
async function replayed(
  told: Readonly<Record<string, unknown>>,
  mistaken: (run: StartedRun) => StartedRun = (run) => run,
  others: object = 'r' in told ? ADAPTERS : {},
): Promise<CaseContext> {
  const given = (outputs: Parameters<typeof recorded>[0]) => recorded(outputs, told, others);
  const empty = given(NO_LOSSES);
  const truth = await llamaRun(startOf(readTrainLlama(empty.params), empty.tensors.inputs));
  const t = new CaseContext({ gpu, ieee: false, seed: 1, injects: [] } as never);
  await replayRun(t, given(outputsOf(truth)), (on, run, judge) =>
    trainOurs(on, mistaken(run), judge),
  );
  return t;
}

const optimizer = (name: string, own: object = {}) => ({ optimizer: name, lr: 0.01, ...own });
/** As transformers' Trainer has it, by a decay that a step shows. */
const decaying = (name: string, own: object = {}) =>
  optimizer(name, { decay_parameters: 'trainer', weight_decay: 0.5, lr: 0.05, ...own });
const IN_8_BITS = { min_8bit_size: 40 };
const SCALED = { grad_scaler: { init_scale: 256 } };
const DECAYING: readonly [string, Readonly<Record<string, unknown>>][] = [
  ['AdamW', decaying('adamw', { config: { model_type: 'qwen2' } })],
  ['Adam', decaying('adam', { config: { model_type: 'qwen3', head_dim: 6 } })],
  ['SGD', decaying('sgd', { momentum: 0.5 })],
  ['Adadelta', decaying('adadelta', { lr: 1 })],
  ['8-bit AdamW', decaying('adamw8bit', IN_8_BITS)],
  ['AdamW with a scaled loss', decaying('adamw', SCALED)],
  ['SGD with a scaled loss', decaying('sgd', SCALED)],
  ['8-bit AdamW with a scaled loss', decaying('adamw8bit', { ...IN_8_BITS, ...SCALED })],
];
const DORA = { ...OF_ADAPTERS, use_dora: true };

const SAVED = { ...OF_ADAPTERS, modules_to_save: ['lm_head', 'embed_tokens', 'norm'] };
const UNTIED = {
  ...{ ...OF_ADAPTERS, modules_to_save: ['embed_tokens'] },
  config: { tie_word_embeddings: true },
};
const WITH_BIASES = { config: { attention_bias: true, mlp_bias: true } };
const BIASED = { ...OF_ADAPTERS, ...WITH_BIASES, bias: 'all' };
const OWN_BIASES = { ...DORA, ...WITH_BIASES, bias: 'lora_only' };

const QWEN3 = {
  config: {
    ...{ model_type: 'qwen3', head_dim: 6, attention_bias: true, tie_word_embeddings: true },
    ...{ use_sliding_window: true, sliding_window: 2, max_window_layers: 0 },
    rope_scaling: { rope_type: 'linear', factor: 4 },
  },
};

describe('a recorded run is replayed', () => {
  test.each<readonly [string, Readonly<Record<string, unknown>>]>([
    ['with ranks by patterns', OF_ADAPTERS],
    ['with DoRA of ranks by patterns', DORA],
    ['with head, embeddings and norms that are trained', SAVED],
    ['with embeddings that are trained apart from a head that was tied to them', UNTIED],
    ['with all biases trained', BIASED],
    ['of DoRA with the biases of its adapters trained', OWN_BIASES],
    ['by AdamW without bias correction', optimizer('adamw', { bias_correction: false })],
    ['by Adam without bias correction', optimizer('adam', { bias_correction: false })],
    ['by Adam with amsgrad', optimizer('adam', { amsgrad: true })],
    ['by Adadelta', optimizer('adadelta', { lr: 1, rho: 0.8 })],
    ['by RMSprop', optimizer('rmsprop', { alpha: 0.7 })],
    [
      'of adapters by a centered RMSprop with momentum',
      { ...OF_ADAPTERS, ...optimizer('rmsprop', { centered: true, momentum: 0.5 }) },
    ],
    ['by NAdam', optimizer('nadam', { momentum_decay: 0.1 })],
    ['of a Qwen3 with windows, biases and scaled positions', QWEN3],
    ['of a Qwen2', { config: { model_type: 'qwen2' } }],
    [
      'of adapters in a Llama with biases',
      { ...DORA, config: { attention_bias: true, mlp_bias: true } },
    ],
    ['by RAdam', optimizer('radam', { decoupled_weight_decay: true, weight_decay: 0.1 })],
    ...DECAYING.map(([name, told]) => [`by ${name}, without norms and biases`, told] as const),
    ['of adapters, without norms', { ...SAVED, ...decaying('adamw') }],
  ])('%s', async (_, told) => {
    const { evidence } = await replayed(told);
    expect(evidence.finding).toBeUndefined();
    expect(evidence.assertions).toBeGreaterThan(100);
  });

  test('with one text of each step', async () => {
    const { evidence } = await replayed({}, (run) => run, ONE_TEXT);
    expect(evidence.finding).toBeUndefined();
    expect(evidence.assertions).toBeGreaterThan(100);
  });
});

describe('a replay that forgets an option is wrong', () => {
  const retold = (own: object) => (run: StartedRun) =>
    ({ ...run, optimizer: { ...run.optimizer, ...own } }) as StartedRun;
  const forgetsGroups = ({ decays: _, ...run }: StartedRun) => run;
  test.each<readonly [string, Readonly<Record<string, unknown>>, (run: StartedRun) => StartedRun]>([
    [
      'the factor of one adapter',
      OF_ADAPTERS,
      ({ adapters = new Map(), ...run }) => ({
        ...run,
        adapters: new Map(
          [...adapters].map(([name, own]) => [
            name,
            name.endsWith('v_proj') ? { ...own, alpha: OF_ADAPTERS.alpha } : own,
          ]),
        ),
      }),
    ],
    [
      'the missing correction of AdamW',
      optimizer('adamw', { bias_correction: false }),
      retold({ bias_correction: true }),
    ],
    [
      'that the head stays where the embeddings are trained',
      UNTIED,
      ({ config, frozen: { 'model.embed_tokens.weight': _, ...frozen }, ...run }) => ({
        ...{ ...run, frozen },
        config: { ...config, tie_word_embeddings: true },
      }),
    ],
    [
      'where a trained bias begins',
      OWN_BIASES,
      ({ trained, ...run }) => ({
        ...run,
        trained: Object.fromEntries(
          Object.entries(trained).map(([name, { shape, data }]) => [
            name,
            { shape, data: name.endsWith('q_proj.bias') ? data.map((x) => 1.01 * x) : data },
          ]),
        ),
      }),
    ],
    ...(['rope_scaling', 'sliding_window'] as const).map(
      (name) =>
        [
          `${name} of Qwen3`,
          QWEN3,
          ({ config, ...run }: StartedRun) => ({
            ...run,
            config: { ...config, [name]: undefined },
          }),
        ] as [string, Readonly<Record<string, unknown>>, (run: StartedRun) => StartedRun],
    ),
    ...[...DECAYING, ['AdamW of adapters', { ...SAVED, ...decaying('adamw') }] as const].map(
      ([name, told]) =>
        [`that norms and biases do not decay by ${name}`, told, forgetsGroups] as const,
    ),
    ['the alpha of RMSprop', optimizer('rmsprop', { alpha: 0.7 }), retold({ alpha: 0.99 })],
    ['the rho of Adadelta', optimizer('adadelta', { lr: 1, rho: 0.5 }), retold({ rho: 0.9 })],
    [
      'amsgrad',
      optimizer('adam', { amsgrad: true, betas: [0.1, 0.2] }),
      retold({ amsgrad: false }),
    ],
  ])('%s', async (_, told, mistaken) => {
    await expect(replayed(told, mistaken)).rejects.toThrow(/should be|is out/);
  });
});
