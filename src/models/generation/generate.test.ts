import { describe, expect, test } from 'vitest';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { Random } from '../../tensor/random.ts';
import { initialLlama } from '../llama/initial.ts';
import { Llama } from '../llama/llama.ts';
import { type GenerateOptions, generate } from './generate.ts';

const SIZES = {
  ...{ vocab: 11, hidden: 8, intermediate: 6, layers: 2, heads: 2, kv_heads: 1 },
  ...{ rms_eps: 1e-6, rope_theta: 500 },
};
const LENGTH = 12;

async function refusedWith(prompt: readonly number[], options: GenerateOptions): Promise<unknown> {
  const { gpu } = await hostGpu();
  const trained = new Map(initialLlama(SIZES, new Random(1)));
  using model = new Llama(gpu, { ...SIZES, length: LENGTH }, { trained, frozen: new Map() });
  const before = gpu.memory.ledger.liveBytes;
  const { dispatches } = gpu.recorder;
  const refusal = await generate(gpu, model, prompt, options)
    .next()
    .catch((error: unknown) => error);
  expect(gpu.memory.ledger.liveBytes).toBe(before);
  expect(gpu.recorder.dispatches).toBe(dispatches);
  return refusal;
}

describe('before anything runs', () => {
  test.each([
    [[], 'the prompt has no token: give it one, as that which begins a text'],
    [
      [0, 11],
      'token 1 of the prompt is 11, and the model has tokens 0 to 10: use its own tokenizer',
    ],
    [[-1], 'token 0 of the prompt is -1'],
    [[0, 1, 0.5], 'token 2 of the prompt is 0.5'],
  ])('a prompt of %j is refused', async (prompt, message) => {
    expect(await refusedWith(prompt, { maxTokens: 3 })).toMatchObject({
      code: 'bad-prompt',
      message: expect.stringContaining(message),
    });
  });

  test.each([0, -1, 1.5, Number.NaN])('to write %d tokens is refused', async (maxTokens) => {
    expect(await refusedWith([1], { maxTokens })).toMatchObject({
      code: 'bad-length',
      message: `maxTokens is ${maxTokens} and should be the number of tokens to write, 1 or more`,
    });
  });

  test('a way to draw is refused that is none', async () => {
    const choose = { temperature: 0, seed: 1 };
    expect(await refusedWith([1], { maxTokens: 1, choose })).toMatchObject({
      code: 'bad-sampling',
    });
  });

  test('a text is refused that is longer than the model was made for', async () => {
    // The last token is written and not read: ten of a prompt and four more need room for thirteen.
    const prompt = Array.from({ length: 10 }, () => 1);
    expect(await refusedWith(prompt, { maxTokens: 4 })).toMatchObject({
      code: 'cache-too-large',
      message:
        'a text of 13 tokens is longer than the 12 that the model was made for: ask for fewer, or make the model for 13',
    });
  });

  test('a cache is refused that no kernel reaches', async () => {
    // A head of four floats: 16 bytes a token. The largest weight has 352.
    const limits = { maxStorageBufferBindingSize: 352 };
    const { gpu } = await hostGpu({ limits });
    const weights = { trained: new Map(), frozen: new Map(initialLlama(SIZES, new Random(1))) };
    using model = new Llama(gpu, { ...SIZES, length: 60 }, weights);
    using cache = model.cacheFor(22);
    expect(cache.capacity).toBe(22);
    expect(() => model.cacheFor(23)).toThrow(
      expect.objectContaining({
        code: 'cache-too-large',
        message:
          'the keys of 23 tokens take 368 bytes a layer, and kernels of this adapter reach those of 22 tokens: ask for fewer',
      }),
    );
  });

  test('a cache for which there is no memory leaves nothing behind', async () => {
    const { gpu } = await hostGpu();
    const weights = { trained: new Map(), frozen: new Map(initialLlama(SIZES, new Random(1))) };
    using model = new Llama(gpu, { ...SIZES, length: LENGTH }, weights);
    const before = gpu.memory.ledger.liveBytes;
    // Three of the four tensors fit.
    gpu.memory.budgetBytes = before + 4 * 16 * 12 - 1;
    expect(() => model.cacheFor(12)).toThrow(expect.objectContaining({ code: 'out-of-memory' }));
    expect(gpu.memory.ledger.liveBytes).toBe(before);
  });
});
