import type { Examples } from '../../src/data/examples.ts';
import type { LabelledTokens } from '../../src/data/labelled-tokens.ts';
import { blockFormatOf } from '../../src/quant/registry.ts';
import type { QuantizedWeight } from '../../src/quant/weight.ts';
import { limitOf, outputsOf } from '../../src/reference/llama/limits.ts';
import { type LlamaRun, llamaRun } from '../../src/reference/llama/run.ts';
import type { Value } from '../../src/reference/record.ts';
import { type HostTensor, valuesOf } from '../../src/tensor/host.ts';
import type { Random } from '../../src/tensor/random.ts';
import { type Shape, sizeOf } from '../../src/tensor/shape.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { trainOurs } from '../../src/testing/parity/llama/ours.ts';
import { INTERLEAVED } from '../../src/testing/parity/llama/replay.ts';
import { weightShapes } from '../../src/testing/parity/llama/weights.ts';
import { suite } from '../../src/testing/suite.ts';
import { TextBatches } from '../../src/train/llama/text-batches.ts';

export const llamaSuite = suite('train.llama', {
  description: 'Training runs of a Llama, whole and by adapters, against the run in float64',
});

const CONFIG = {
  vocab: 11,
  hidden: 8,
  intermediate: 12,
  layers: 2,
  heads: 2,
  kv_heads: 1,
  rms_eps: 1e-5,
  rope_theta: 100,
};
/** The first step has a rate of 0. */
const STEPS = 2;
const BATCH = 2;
const LENGTH = 5;
const BLOCKSIZE = 64;
const ADAPTER = { r: 2, alpha: 3, use_dora: true } as const;
/** Linears with an adapter; the first is in 4 bits, the second dense. */
const ADAPTED = ['model.layers.0.self_attn.q_proj', 'model.layers.1.mlp.down_proj'] as const;

const drawn = (random: Random, shape: Shape, low: number, high: number): Value => ({
  shape,
  data: random.fill(sizeOf(shape), () => Math.fround(random.uniform(low, high))),
});

function drawWhole(random: Random): Pick<LlamaRun, 'trained' | 'frozen'> {
  // Weights of norms near 1, those of linears and embeddings around 0.
  const entries = [...weightShapes(CONFIG)].map(([name, shape]) => {
    return [
      name,
      shape.length === 1 ? drawn(random, shape, 0.5, 1.5) : drawn(random, shape, -0.6, 0.6),
    ] as const;
  });
  return { trained: Object.fromEntries(entries), frozen: {} };
}

function drawAdapted(random: Random): Pick<LlamaRun, 'trained' | 'frozen' | 'adapter'> {
  const base = drawWhole(random).trained;
  const [quantized, dense] = ADAPTED;
  const { shape, data } = base[`${quantized}.weight`] as Value;
  const elements = data.length;
  const codes = {
    shape: [elements / 2, 1],
    data: random.fill(elements / 2, () => random.integer(0, 255)),
  };
  const absmax = drawn(random, [Math.ceil(elements / BLOCKSIZE)], 0.5, 1);
  const weight: QuantizedWeight<Value> = {
    format: blockFormatOf('nf4'),
    blocksize: BLOCKSIZE,
    shape,
    parts: { packed: codes, absmax },
  };
  const adapters = ADAPTED.flatMap((name) => {
    const [out, features] =
      name === dense ? [CONFIG.hidden, CONFIG.intermediate] : [CONFIG.hidden, CONFIG.hidden];
    return [
      [`${name}.lora_A`, drawn(random, [ADAPTER.r, features], -0.5, 0.5)],
      [`${name}.lora_B`, drawn(random, [out, ADAPTER.r], -0.5, 0.5)],
      [`${name}.magnitude`, drawn(random, [out], 0.5, 1.5)],
    ] as const;
  });
  return {
    trained: Object.fromEntries(adapters),
    frozen: { ...base, [`${quantized}.weight`]: weight },
    adapter: ADAPTER,
  };
}

const MODES = { full: drawWhole, qdora: drawAdapted } as const;

llamaSuite
  .case('run', { mode: Object.keys(MODES) })
  .timeout(60_000)
  .desc(
    'Two steps of two blocks, whole or by DoRA over a base with one linear in 4 bits: logits, losses, norms, rates, gradients and trained weights are those of the run in float64, within the limits of trajectories.',
  )
  .control(INTERLEAVED.name, INTERLEAVED.faults)
  .run((t) => expectRun(t, String(t.params['mode']) as keyof typeof MODES));

llamaSuite
  .case('packed')
  .timeout(60_000)
  .desc(
    'Two steps on rows of several texts, which see themselves alone and count their positions anew, one layer through a window: logits, losses, gradients and trained weights are those of the run in float64, within the limits of trajectories.',
  )
  .control('texts see those before them', (fault) =>
    fault.host('nn.llama.packedMask', () => () => undefined),
  )
  .run((t) =>
    expectRun(t, 'full', {
      config: { ...CONFIG, sliding_window: { tokens: 2, layers: [1] } },
      documents: {
        shape: [STEPS, BATCH, LENGTH],
        data: Float64Array.of(0, 0, 0, 1, 1, 7, 7, 7, 7, 7, 0, 1, 1, 1, 2, 0, 0, 1, 0, 0),
      },
    }),
  );

llamaSuite
  .case('packed-as-apart')
  .timeout(60_000)
  .desc(
    'Two steps on texts in packed rows, as a fine-tuning packs them: losses, norms and trained weights are those of the run in float64 on the same texts, one a row.',
  )
  .control('a text asks for its first token by the text before it', (fault) =>
    fault.host(
      'train.llama.packed',
      (original) => (length) => (rows: readonly (readonly LabelledTokens[])[]) => {
        const { inputs, labels } = original(length)(rows);
        return { inputs, labels: inputs['ids'] ?? labels };
      },
    ),
  )
  .run(async (t) => {
    const random = t.random();
    const texts = [5, 3, 2].map((length) => {
      const ids = Array.from({ length }, () => random.integer(1, CONFIG.vocab - 1));
      return { ids, asked: ids.map(() => true) };
    });
    const options = { batchSize: 3, accumulation: 1, seed: 1, length: LENGTH };
    const run = (packing: boolean): LlamaRun => {
      const [batch] = new TextBatches(texts, { ...options, packing }).next() as [Examples];
      const twice = (tensor: HostTensor | undefined): Value => {
        const data = valuesOf(tensor as HostTensor);
        return {
          shape: [STEPS, ...(tensor?.shape ?? [])],
          data: Float64Array.of(...data, ...data),
        };
      };
      const { ids, documents } = batch.inputs;
      return {
        ...{ config: CONFIG, clip: 1, schedule: { name: 'constant' } },
        ...{ input_ids: twice(ids), labels: twice(batch.labels) },
        optimizer: { optimizer: 'sgd', lr: 0.1 },
        ...drawWhole(t.random(1)),
        ...(documents ? { documents: twice(documents) } : {}),
      };
    };
    const truth = outputsOf(await llamaRun(run(false)));
    const ours = outputsOf(await trainOurs(t.gpu, run(true), async () => undefined));
    // Logits lie otherwise in packed rows.
    for (const [name, expected] of Object.entries(truth).filter(([of]) => of !== 'logits_step0'))
      t.expectAccepted(name, ours[name] as Value, expected, limitOf(name, expected));
  });

async function expectRun(
  t: CaseContext,
  mode: keyof typeof MODES,
  more: Partial<LlamaRun> = {},
): Promise<void> {
  const random = t.random();
  const tokens = (): Value => ({
    shape: [STEPS, BATCH, LENGTH],
    data: random.fill(STEPS * BATCH * LENGTH, () => random.integer(0, CONFIG.vocab - 1)),
  });
  const run: LlamaRun = {
    config: CONFIG,
    clip: 1,
    schedule: { name: 'linear', warmup: 1, total: 4 },
    input_ids: tokens(),
    labels: tokens(),
    optimizer: { optimizer: 'adamw', lr: 1e-2 },
    ...MODES[mode](random),
    ...more,
  };
  const truth = outputsOf(await llamaRun(run));
  const ours = outputsOf(await trainOurs(t.gpu, run, async () => undefined));
  for (const [name, expected] of Object.entries(truth))
    t.expectAccepted(name, ours[name] as Value, expected, limitOf(name, expected));
}
