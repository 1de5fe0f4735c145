import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { capture } from '../../autograd/capture.ts';
import { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { type GenerateOptions, generate } from '../../models/generation/generate.ts';
import type { LlamaConfig } from '../../models/llama/config.ts';
import { initialLlama } from '../../models/llama/initial.ts';
import { cacheBytes } from '../../models/llama/key-value-cache.ts';
import { Llama, type LlamaWeights } from '../../models/llama/llama.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import { limitOf } from '../../reference/llama/limits.ts';
import { filledTensor, hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import type { Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** What a model writes, on npm webgpu with a browser's SwiftShader. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const VOCAB = 61;
const PROMPT = [7, 0, 60, 13, 13];
const CONFIG: LlamaConfig = {
  ...{ length: 24, hidden: 32, layers: 2, heads: 4, kv_heads: 2, head_dim: 12 },
  ...{ qk_norm: true, rms_eps: 1e-6, rope_theta: 500 },
};
const WINDOW = { sliding_window: { tokens: 7, layers: [1] } };
const LINEAR = { rope_type: 'linear', factor: 4 } as const;
const DYNAMIC = { rope_type: 'dynamic', factor: 2, max_position_embeddings: 9 } as const;
const Q = 'model.layers.0.self_attn.q_proj';

const floats = (random: Random, shape: Shape, deviation: number) =>
  filledTensor('f32', shape, () => random.normal(deviation));

/** Weights at which no token is sure of the next; a tied head would repeat what it was given. */
function drawn(config: LlamaConfig): LlamaWeights {
  const random = new Random(3);
  const sizes = { ...config, vocab: VOCAB, intermediate: 40 };
  const trained = initialLlama(sizes, random).map(([name, { shape }]) => {
    return [name, floats(random, shape, shape.length === 1 ? 1 : 0.3)] as const;
  });
  return { trained: new Map(trained), frozen: new Map() };
}

/** A base with one linear in 4 bits below an adapter. */
function adapted(config: LlamaConfig): LlamaWeights {
  const random = new Random(4);
  const base = new Map<
    string,
    LlamaWeights['frozen'] extends ReadonlyMap<string, infer W> ? W : never
  >(drawn(config).trained);
  const codes = Array.from({ length: 48 * 16 }, () => random.integer(0, 255));
  base.set(`${Q}.weight`, {
    format: blockFormatOf('nf4'),
    blocksize: 64,
    shape: [48, 32],
    parts: {
      packed: hostTensorFrom('u8', [48 * 16, 1], codes),
      absmax: floats(random, [24], 0.5),
    },
  });
  const adapter = { r: 2, alpha: 4 };
  const trained = new Map([
    [`${Q}.lora_A`, floats(random, [2, 32], 0.4)],
    [`${Q}.lora_B`, floats(random, [48, 2], 0.4)],
  ]);
  return { trained, frozen: base, adapter };
}

const collected = async (tokens: AsyncIterable<number>) => {
  const all: number[] = [];
  for await (const token of tokens) all.push(token);
  return all;
};

/** Logits of the token after those, by the whole text, which is filled up to the model's length. */
async function logitsAfter(model: Llama, tokens: readonly number[]): Promise<Float64Array> {
  const filled = Array.from({ length: CONFIG.length }, (_, i) => tokens[i] ?? 0);
  using ids = Tensor.from(gpu, hostTensorFrom('i32', [1, filled.length], filled));
  using tape = new Tape(gpu);
  const all = valuesOf(await model.forward(tape, { ids }).read());
  return all.slice((tokens.length - 1) * VOCAB, tokens.length * VOCAB);
}

/** The likeliest tokens one after the other, and by how much the nearest is less likely. */
async function withoutCache(model: Llama, count: number) {
  const tokens = [...PROMPT];
  const steps = [];
  for (let step = 0; step < count; step++) {
    const logits = await logitsAfter(model, tokens);
    const [most = 0, second = 0] = logits.toSorted().reverse();
    const token = logits.indexOf(most);
    tokens.push(token);
    const limit = limitOf('logits', { shape: [VOCAB], data: logits }).bound[0] as number;
    steps.push({ token, isSure: most - second > 2 * limit });
  }
  return steps;
}

const MODELS = {
  'a model': [CONFIG, drawn],
  'a model with a window in a layer': [{ ...CONFIG, ...WINDOW }, drawn],
  'a model whose positions are scaled': [{ ...CONFIG, rope_scaling: LINEAR }, drawn],
  'a tied model over 4 bits with an adapter': [{ ...CONFIG, tie_word_embeddings: true }, adapted],
} as const satisfies Record<string, readonly [LlamaConfig, (config: LlamaConfig) => LlamaWeights]>;

describe.each(Object.entries(MODELS))('%s', (_, [config, weights]) => {
  test('writes the same tokens with a cache and without', async () => {
    using model = new Llama(gpu, config, weights(config));
    const count = CONFIG.length - PROMPT.length + 1;
    const expected = await withoutCache(model, count);
    // What is unsure may go either way, and then all that follows.
    const sure = expected.findIndex(({ isSure }) => !isSure);
    const judged = sure < 0 ? count : sure;
    expect(judged).toBeGreaterThan(14);
    const tokens = await collected(generate(gpu, model, PROMPT, { maxTokens: count }));
    expect(tokens).toHaveLength(count);
    const told = expected.map(({ token }) => token).slice(0, judged);
    expect(tokens.slice(0, judged)).toEqual(told);
    expect(new Set(told).size).toBeGreaterThan(4);
  });
});

describe('what a model writes', () => {
  const model = () => new Llama(gpu, CONFIG, drawn(CONFIG));
  const ten = (own: Llama, options: Partial<GenerateOptions> = {}) =>
    collected(generate(gpu, own, PROMPT, { maxTokens: 10, ...options }));

  test('ends with the token that ends it', async () => {
    using own = model();
    const all = await ten(own);
    const [, , third = 0] = all;
    const until = all.indexOf(third) + 1;
    expect(await ten(own, { eos: [99, third] })).toEqual(all.slice(0, until));
  });

  test('is drawn anew by each seed, and the same by one', async () => {
    using own = model();
    const sampled = (seed: number, temperature = 1) =>
      ten(own, { choose: { temperature, topK: 20, topP: 0.95, seed } });
    const once = await sampled(1);
    expect(await sampled(1)).toEqual(once);
    expect(await sampled(2)).not.toEqual(once);
    expect(await sampled(1, 1e-6)).toEqual(await ten(own));
    expect(await ten(own, { choose: { temperature: 9, topK: 1, seed: 5 } })).toEqual(
      await ten(own),
    );
  });

  test('is a submit for each token, and an id alone is read of it', async () => {
    using own = model();
    await gpu.finish();
    const reads: Promise<ArrayBuffer>[] = [];
    gpu.onRead = (read) => reads.push(read);
    const { submits } = gpu.recorder;
    await ten(own);
    gpu.onRead = undefined;
    expect(gpu.recorder.submits - submits).toBe(10);
    const bytes = (await Promise.all(reads)).map(({ byteLength }) => byteLength);
    expect(bytes).toEqual(Array(10).fill(4));
  });

  test('takes the memory of its cache and of its tokens, and gives it back', async () => {
    using own = model();
    const before = gpu.memory.ledger.liveBytes;
    const tokens = generate(gpu, own, PROMPT, { maxTokens: 10 });
    await tokens.next();
    const held = gpu.memory.ledger.liveBytes - before;
    // Two layers of keys and values, two heads of twelve floats each; five tokens and the next one.
    expect(cacheBytes(CONFIG, 14)).toBe(2 * 2 * 14 * 2 * 12 * 4);
    expect(held).toBe(cacheBytes(CONFIG, 14) + 4 * (PROMPT.length + 1));
    await tokens.return();
    expect(gpu.memory.ledger.liveBytes).toBe(before);
  });

  test('changes no bit of the model', async () => {
    using own = model();
    const before = await own.parameters.read();
    await ten(own);
    expect(await own.parameters.read()).toEqual(before);
  });

  test('goes on from several tokens as from one after the other', async () => {
    const config = { ...CONFIG, ...WINDOW };
    using own = new Llama(gpu, config, drawn(config));
    using cache = own.cacheFor(20);
    const text = Array.from({ length: 20 }, (_, i) => (i * 7) % VOCAB);
    const parts = [3, 6, 10, 1].map((count, i, counts) => {
      const first = counts.slice(0, i).reduce((sum, each) => sum + each, 0);
      return text.slice(first, first + count);
    });
    for (const [i, part] of parts.entries()) {
      const read = parts.slice(0, i + 1).flat();
      using ids = Tensor.from(gpu, hostTensorFrom('i32', [1, part.length], part));
      using context = own.textAfter(cache, part.length);
      using tape = new Tape(gpu);
      const logits = valuesOf(await own.next(tape, ids, context).read());
      const expected = await logitsAfter(own, read);
      const limit = limitOf('logits', { shape: [VOCAB], data: expected }).bound[0] as number;
      const off = logits.map((x, j) => Math.abs(x - (expected[j] as number)));
      expect(Math.max(...off)).toBeLessThan(limit);
    }
    expect(() => own.textAfter(cache, 1)).toThrow(
      expect.objectContaining({
        code: 'cache-full',
        message: '1 tokens after 20 have no room in a cache for 20: make it for 21',
      }),
    );
  });
});

test('a captured pass beyond the context of dynamic positions is the one that runs', async () => {
  const config = { ...CONFIG, rope_scaling: DYNAMIC };
  using own = new Llama(gpu, config, drawn(config));
  const text = Array.from({ length: 14 }, (_, i) => (i * 7) % VOCAB);
  using ids = Tensor.from(gpu, hostTensorFrom('i32', [1, text.length], text));
  const pass = () => {
    using tape = new Tape(gpu);
    const logits = Tensor.empty(gpu, 'f32', [1, text.length, VOCAB]);
    logits.copyFrom(own.forward(tape, { ids }));
    return { logits };
  };
  using ran = pass().logits;
  using captured = await capture(gpu, pass);
  for (const _ of ['once', 'again'])
    expect(await captured.run().logits.read()).toEqual(await ran.read());
});
