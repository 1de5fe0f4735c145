import { describe, expect, test } from 'vitest';
import { Tape } from '../autograd/tape.ts';
import { type Architecture, linearsOf } from '../formats/hugging-face/architecture.ts';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import { initialLlama } from '../models/llama/initial.ts';
import { Llama } from '../models/llama/llama.ts';
import { ModelValues } from '../models/values.ts';
import { crossEntropy } from '../ops/nn/cross_entropy.ts';
import type { LayerOptions } from '../quantizer/policy.ts';
import { createQuantizer } from '../quantizer/quantizer.ts';
import { methods } from '../quantizer/registry.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { keptBytes, needsOf, refusalOf } from './needs.ts';
import { DEFAULT_SETUP, type Setup } from './setup.ts';

/** Rows of 128 and 256 elements, which every method takes; heads that share keys. */
const MODEL: Architecture = {
  ...{ family: 'llama', vocabulary: 96, context: 5, tied: false },
  ...{ layers: 2, hidden: 128, heads: 4, kvHeads: 2, headDim: 32, intermediate: 256 },
};
const SETUP: Setup = { ...DEFAULT_SETUP, rank: 3, context: 5, batch: 2 };
const CONFIG = {
  ...{ length: 5, hidden: 128, layers: 2, heads: 4, rms_eps: 1e-6, rope_theta: 500 },
};

const initial = (model: Architecture) =>
  new Map(
    initialLlama(
      {
        ...{ ...CONFIG, vocab: model.vocabulary, intermediate: model.intermediate },
        ...{ kv_heads: model.kvHeads, tie_word_embeddings: model.tied },
      },
      new Random(1),
    ),
  );
const isTable = (name: string) => /^(model\.embed_tokens|lm_head)\.weight$/.test(name);
const half = (host: HostTensor) => hostTensorFrom('bf16', host.shape, valuesOf(host));
const zeros = (shape: readonly number[]) =>
  hostTensorFrom('f32', shape, new Float64Array(sizeOf(shape)));

/** Adapters of every linear of every block. */
function adapters(model: Architecture, rank: number): ReadonlyMap<string, HostTensor> {
  const blocks = Array.from({ length: model.layers }, (_, i) => `model.layers.${i}`);
  return new Map(
    blocks.flatMap((block) =>
      Object.entries(linearsOf(model)).flatMap(([name, [outputs = 0, inputs = 0]]) => [
        [`${block}.${name}.lora_A`, zeros([rank, inputs])] as const,
        [`${block}.${name}.lora_B`, zeros([outputs, rank])] as const,
      ]),
    ),
  );
}

/** Quantizes the linears of the blocks, and leaves the head. */
function quantizeBlocks(values: ModelValues, to: LayerOptions): void {
  const quantizer = createQuantizer({ name: 'host', supports: () => true }, to);
  quantizer.quantizeModel({ values }, { rules: [{ layers: 'model.layers.*', to }], rest: 'keep' });
}

const schemes = [...methods.values()].flatMap(({ name, metas = [{}] }) =>
  metas.map((meta) => ({ method: name, ...meta })),
);

test.each(schemes)(
  'bytes of weights by %o and of adapters are those of the ledger',
  async (scheme) => {
    const { gpu } = await hostGpu();
    const setup = { ...SETUP, ...scheme };
    for (const tied of [false, true]) {
      const model = { ...MODEL, tied };
      expect(refusalOf(model, setup)).toBeUndefined();
      const fixed = [...initial(model)].map(
        ([name, host]) => [name, isTable(name) ? half(host) : host] as const,
      );
      const before = gpu.memory.ledger.liveBytes;
      using values = new ModelValues(gpu, adapters(model, setup.rank), fixed);
      expect(values.parameters.names).toHaveLength(2 * 7 * 2);
      quantizeBlocks(values, scheme);
      const { weights, adapters: trained } = needsOf(model, setup);
      const flat = values.parameters.segments.pieces.reduce((sum, { bytes }) => sum + bytes, 0);
      expect(flat).toBe(trained);
      expect(gpu.memory.ledger.liveBytes - before - flat).toBe(weights);
    }
  },
);

/** What a step of the engine's Llama holds: after forward, and at most. */
async function step({ method, rank, checkpointing }: Setup, model: Architecture) {
  const { gpu } = await hostGpu();
  using made = new Llama(
    gpu,
    { ...CONFIG, kv_heads: model.kvHeads, checkpointing, tie_word_embeddings: model.tied },
    {
      trained: adapters(model, rank),
      frozen: initial(model),
      adapter: { r: rank, alpha: 6 },
    },
  );
  quantizeBlocks(made.values, { method });
  using ids = Tensor.empty(gpu, 'i32', [2, 5]);
  using labels = Tensor.empty(gpu, 'i32', [2, 5]);
  using seed = Tensor.empty(gpu, 'f32', [1]);
  const { parameters } = made;
  using tape = new Tape(
    gpu,
    parameters.names.map((name) => parameters.view(name)),
  );
  const before = gpu.memory.ledger.liveBytes;
  gpu.memory.resetPeak();
  const logits = made.forward(tape, { ids });
  const kept = gpu.memory.ledger.liveBytes - before;
  const params = { shift: true, log_probs: false };
  const { loss } = tape.apply(crossEntropy, { logits, labels }, params, 'loss');
  tape.backward(loss, seed, { take: () => {} });
  return { kept, peak: gpu.memory.ledger.peakBytes - before };
}

/** Methods whose decoding keeps no more than the decoded weight. */
const AT_ONCE = ['nf4', 'fp4', 'int8', 'q8_0', 'bf16'];

describe.each([true, false])('with checkpointing %s', (checkpointing) => {
  test.each(AT_ONCE)(
    'by %s a step holds what is kept, and no more than is told',
    async (method) => {
      for (const tied of [false, true]) {
        const model = { ...MODEL, tied };
        const setup = { ...SETUP, method, checkpointing };
        const { kept, peak } = await step(setup, model);
        const { activations } = needsOf(model, setup);
        const told = checkpointing ? activations.checkpointed : activations.whole;
        expect(kept).toBe(keptBytes(model, setup, checkpointing));
        expect(peak).toBeLessThanOrEqual(told);
        // Two blocks are few: of more, what one of them has at most says less.
        expect(peak).toBeGreaterThan(0.85 * told);
      }
    },
  );

  test.each([
    ['a wide feed-forward layer', { intermediate: 512 }],
    ['attention that is wider than it', { kvHeads: 4, intermediate: 128 }],
    ['more tokens than all else', { vocabulary: 4000 }],
  ])('with %s too', async (_, sizes) => {
    const model = { ...MODEL, ...sizes };
    const setup = { ...SETUP, checkpointing };
    const { peak } = await step(setup, model);
    const { activations } = needsOf(model, setup);
    const told = checkpointing ? activations.checkpointed : activations.whole;
    expect(peak).toBeLessThanOrEqual(told);
    expect(peak).toBeGreaterThan(0.85 * told);
  });
});
