import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { readHostModel } from '../../backends/manager/host-model.ts';
import { ModelOnDevice } from '../../backends/manager/on-device.ts';
import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import { Gpu } from '../../gpu/gpu.ts';
import { generate } from '../../models/generation/generate.ts';
import type { LlamaConfig } from '../../models/llama/config.ts';
import { Llama } from '../../models/llama/llama.ts';
import { loadLlama } from '../../models/llama/load.ts';
import { rowParts } from '../../models/llama/row-parts.ts';
import { filledTensor, type HostTensor, hostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { trainingConfigOf } from '../../train/llama/config/read-training-config.ts';
import { fineTuneLlama } from '../../train/llama/fine-tune-llama.ts';
import { wholeValue } from '../../train/llama/saved-model/whole-values.ts';
import { lossOf } from '../../train/loss.ts';
import {
  IDS,
  LENGTH,
  modelFolder,
  modelOf,
  REACH,
  SIZES,
  VOCABULARY,
  valuesOf,
  verdict,
} from './fixtures/parted-tables.ts';
import { withReach } from './fixtures/usual-limits.ts';

/** Embeddings and head that lie in three parts say what whole ones say. */

vi.setConfig({ testTimeout: 120_000 });

let gpu: Gpu;
let small: Gpu;
beforeAll(async () => {
  gpu = await Gpu.request(await withReach(2 ** 27, 2 ** 28));
  small = await Gpu.request(await withReach(REACH, 2 ** 28));
});
afterAll(() => {
  gpu[Symbol.dispose]();
  small[Symbol.dispose]();
});

const isTable = (name: string) => /embed_tokens|lm_head/.test(name);

/** A value as a device with less reach has it. */
function parted([name, value]: readonly [string, HostTensor]): [string, HostTensor][] {
  const [, width = 1] = value.shape;
  return rowParts(small, name, value.shape).map(({ name: own, first, count }) => [
    own,
    isTable(name)
      ? hostTensor(
          'f32',
          [count, width],
          value.data.subarray(first * width, (first + count) * width),
        )
      : value,
  ]);
}

const BOTH = [true, false] as const;
const tables = (tied: boolean) => (tied ? 1 : 2);

function weightsOf(tie_word_embeddings: boolean, inParts: boolean) {
  const random = new Random(5);
  const drawn = [...valuesOf(tie_word_embeddings, random)];
  const q = 'model.layers.0.self_attn.q_proj';
  const floats = (shape: readonly number[]) => filledTensor('f32', shape, () => random.normal(0.3));
  return {
    trained: new Map([
      [`${q}.lora_A`, floats([2, 24])],
      [`${q}.lora_B`, floats([24, 2])],
    ]),
    frozen: new Map(inParts ? drawn.flatMap(parted) : drawn),
    adapter: { r: 2, alpha: 4 },
  };
}

/** Loss and gradients of a batch, whose second row holds two texts. */
async function passOf(tied: boolean, inParts: boolean, head_chunk: LlamaConfig['head_chunk'] & {}) {
  const config = { ...SIZES, length: LENGTH, tie_word_embeddings: tied, head_chunk };
  using model = new Llama(gpu, config, weightsOf(tied, inParts));
  expect(model.names.filter((name) => name.includes('.part_'))).toHaveLength(
    inParts ? 3 * tables(tied) : 0,
  );
  expect(model.vocabulary).toBe(VOCABULARY);
  const batch = [2, LENGTH];
  using ids = Tensor.from(gpu, hostTensorFrom('i32', batch, [...IDS, ...IDS.toReversed()]));
  const texts = Array.from({ length: 2 * LENGTH }, (_, i) => Number(i > 13));
  using documents = Tensor.from(gpu, hostTensorFrom('i32', batch, texts));
  using tape = new Tape(gpu, model.parameters.views);
  const { loss, logits } = lossOf(tape, model, { inputs: { ids, documents }, labels: ids }, true);
  using one = Tensor.from(gpu, hostTensorFrom('f32', [1], [1]));
  const gradients = tape.backward(loss, one);
  const found: Record<string, HostTensor> = { loss: await loss.read() };
  if (logits) found['logits'] = await logits.read();
  for (const name of model.parameters.names)
    found[name] = await (gradients.get(model.parameters.view(name)) as Tensor).read();
  return found;
}

describe.each(BOTH)('with a tied head: %s', (tied) => {
  test.each([128, 'whole'] as const)('a pass is the same, in chunks of %s', async (chunk) => {
    const whole = await passOf(tied, false, chunk);
    const inParts = await passOf(tied, true, chunk);
    expect(Object.keys(inParts)).toEqual(Object.keys(whole));
    // Chunks that are parts compute the very numbers; whole logits add gradients up by parts.
    for (const [name, value] of Object.entries(whole)) {
      const own = inParts[name] as HostTensor;
      if (chunk !== 'whole' || name === 'logits') expect(own, name).toEqual(value);
      else expect(verdict(name, own.data, value.data), name).toMatchObject({ ok: true });
    }
  });

  const folder = modelFolder(tied);

  test('a folder is read in parts, writes the same tokens, and is saved whole', async () => {
    const said = async (on: Gpu) => {
      using model = await loadLlama(on, folder, { length: 16 });
      const tokens: number[] = [];
      for await (const token of generate(on, model, IDS, { maxTokens: 7 })) tokens.push(token);
      const { value } = await wholeValue(on, model, 'model.embed_tokens.weight', new Map());
      return { tokens, value, parts: model.names.filter((name) => name.includes('.part_')).length };
    };
    const whole = await said(gpu);
    expect(whole.parts).toBe(0);
    expect(await said(small)).toEqual({ ...whole, parts: 3 * tables(tied) });
  });

  test('a model of the host is placed in parts, has the same logits, and comes back whole', async () => {
    const host = await readHostModel(folder);
    const ids = hostTensorFrom('i32', [1, LENGTH], IDS);
    using whole = new ModelOnDevice(gpu, host, LENGTH, 'webgpu');
    using inParts = new ModelOnDevice(small, host, LENGTH, 'webgpu');
    const logits = await inParts.logits(ids);
    expect(logits.shape).toEqual([1, LENGTH, VOCABULARY]);
    expect(logits).toEqual(await whole.logits(ids));
    expect(await inParts.toHost()).toEqual(host);
  });

  test.each([
    { type: 'lora' },
    { type: 'qlora', bf16: true },
    { type: 'lora', use_cpu_offload: true },
    { type: 'lora', packing: true },
  ])('a training goes the same way: %j', async (given) => {
    const config = trainingConfigOf({
      ...{ max_steps: 4, per_device_train_batch_size: 1, max_length: LENGTH, judge_steps: 0 },
      ...{ learning_rate: 0.02, heldout_fraction: 0, lora: { target_modules: 'all-linear' } },
      ...given,
    } as never);
    const texts: readonly LabelledTokens[] = [{ ids: IDS, asked: IDS.map(() => true) }];
    const losses = async (on: Gpu) => {
      const training = { folder, model: modelOf(tied), texts, config };
      const run = fineTuneLlama(on, training, { judge: async () => 0 });
      const all: number[] = [];
      let next = await run.next();
      for (; !next.done; next = await run.next())
        if (next.value.type === 'step') all.push(next.value.loss);
      return all;
    };
    const whole = await losses(gpu);
    const inParts = await losses(small);
    expect(whole.at(-1)).toBeLessThan(whole[0] as number);
    expect(verdict('loss', inParts, whole)).toMatchObject({ ok: true, compared: 4 });
  });
});
