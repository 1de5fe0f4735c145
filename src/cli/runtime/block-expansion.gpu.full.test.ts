import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { covers } from '../../catalog/covers.ts';
import { tensorShapes } from '../../formats/hugging-face/architecture.ts';
import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import { folderOf, TINY } from '../../formats/hugging-face/fixtures/tiny-folder.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Llama } from '../../models/llama/llama.ts';
import { loadLlama } from '../../models/llama/load.ts';
import { isQuantized } from '../../quant/weight.ts';
import { judge } from '../../reference/judge.ts';
import { limitOf } from '../../reference/llama/limits.ts';
import { type HostTensor, type HostTensors, hostTensorFrom } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { ENGINE } from '../../train/engine-quantizer.ts';
import { trainingConfigOf } from '../../train/llama/config/read-training-config.ts';
import { fineTuneLlama } from '../../train/llama/fine-tune-llama.ts';
import { openModel } from '../../train/llama/open-model.ts';
import { MODEL_FORMS } from '../../train/llama/saved-model/forms.ts';
import { saveModel } from '../../train/llama/saved-model/save-model.ts';
import { readBlocks, trainedBlocks } from '../../train/llama/saved-weights.ts';
import { KeptFiles } from './fixtures/kept-files.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Four blocks become six: the same function. The two new blocks alone are trained. */

const MODEL: ModelConfig = {
  ...TINY,
  ...{ hidden: 256, layers: 4, heads: 4, kvHeads: 4, headDim: 64, intermediate: 512 },
  ...{ vocabulary: 96, context: 32 },
};
const random = new Random(11);
const WEIGHTS: Readonly<Record<string, HostTensor>> = Object.fromEntries(
  [...tensorShapes(MODEL)].map(([name, shape]) => {
    const around = shape.length === 1 ? 1 : 0;
    const data = random.fill(sizeOf(shape), () => around + random.normal(0.08));
    return [name, hostTensorFrom('f32', shape, data)];
  }),
);
const FOLDER = folderOf({
  'config.json': JSON.stringify({
    ...{ model_type: 'llama', hidden_size: 256, num_hidden_layers: 4, num_attention_heads: 4 },
    ...{ num_key_value_heads: 4, intermediate_size: 512, vocab_size: 96 },
    ...{ max_position_embeddings: 32, rms_norm_eps: 1e-5 },
  }),
  'model.safetensors': writeSafetensors(WEIGHTS),
});
/** Two sentences that are learnt by heart. */
const TEXTS = [3, 7].map((step) => {
  const ids = Array.from({ length: 12 }, (_, i) => (5 + step * i) % 96);
  return { ids, asked: ids.map(() => true) };
});
const TRAINED = 1_311_744;
const ADDED = [2, 5];
const EMPTY = new Uint8Array();
const isNew = (name: string) => ADDED.some((i) => name.startsWith(`model.layers.${i}.`));

const settings = (type: string) =>
  trainingConfigOf({
    ...{ type, expansion_rate: 0.5, max_length: 12, max_steps: 5, learning_rate: 1e-3 },
    ...{ per_device_train_batch_size: 2, heldout_fraction: 0, judge_steps: 0 },
  });

/** On a busy machine a training takes minutes. */
vi.setConfig({ testTimeout: 600_000 });

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const opened = async (type: string) =>
  await openModel(gpu, { folder: FOLDER, config: MODEL }, settings(type));

async function logitsOf(model: Llama): Promise<Uint32Array> {
  using ids = Tensor.from(gpu, hostTensorFrom('i32', [1, 12], TEXTS[0]?.ids ?? []));
  using tape = new Tape(gpu);
  const { data } = await model.forward(tape, { ids }).read();
  return new Uint32Array(data.buffer, data.byteOffset, data.length);
}

const logitsValue = (bits: Uint32Array) => ({
  shape: [1, 12, 96],
  data: Float64Array.from(new Float32Array(bits.buffer, bits.byteOffset, bits.length)),
});

/** The bits of all that is not trained, by tensor and part. */
async function frozenBits(model: Llama): Promise<ReadonlyMap<string, Uint8Array>> {
  const bits = new Map<string, Uint8Array>();
  for (const name of model.names.filter((each) => !isNew(each))) {
    const value = model.view(name);
    for (const [part, tensor] of Object.entries(isQuantized(value) ? value.parts : { value })) {
      const { data } = await (tensor as Tensor).read();
      bits.set(`${name} ${part}`, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }
  return bits;
}

/** A run of five steps; `finish` is given the model. */
async function trained(type: string, finish: (model: Llama) => Promise<void>) {
  const training = { folder: FOLDER, model: MODEL, texts: TEXTS, config: settings(type) };
  const run = fineTuneLlama(gpu, training, { judge: async () => 0, finish });
  const losses: number[] = [];
  let trainable: number | undefined;
  let next = await run.next();
  for (; !next.done; next = await run.next()) {
    if (next.value.type === 'step') losses.push(next.value.loss);
    if (next.value.type === 'start') trainable = next.value.trainable;
  }
  return { losses, trainable, values: next.value.trained as HostTensors };
}

describe.each([
  ['bnb_llama_pro', { method: 'nf4' }],
  ['hqq_llama_pro', { method: 'hqq', bits: 4, groupSize: 64, axis: 1 }],
] as const)('%s', (type, options) => {
  test(
    'before training the expanded model has the logits of the model, bit by bit',
    covers(
      'fsdp.training.type-bnb-llama-pro/logits-before-training',
      'fsdp.training.type-hqq-llama-pro/logits-before-training',
    ).control('the projections back of a copy are those of its block', {
      file: 'src/models/llama/block-expansion.ts',
      from: "const ZEROED = ['self_attn.o_proj', 'mlp.down_proj']",
      to: 'const ZEROED: readonly string[] = []',
    }),
    async () => {
      using before = await loadLlama(gpu, FOLDER, {
        length: 12,
        quantized: { backend: ENGINE, options },
      });
      using after = await opened(type);
      const expected = await logitsOf(before);
      expect(new Set(expected).size).toBeGreaterThan(1000);
      expect(await logitsOf(after)).toEqual(expected);
    },
  );

  test(
    'new blocks are copies in floats, and all linears of the others are in codes',
    covers(
      'fsdp.training.type-bnb-llama-pro/new-blocks-unquantized',
      'fsdp.training.type-hqq-llama-pro/new-blocks-unquantized',
    ).control('a block is trained in the place of its copy', {
      file: 'src/models/llama/load.ts',
      from: 'trained.set(copy, values?.get(copy) ?? copied(copy, stored))',
      to: 'trained.set(name, copied(copy, stored))',
    }),
    async () => {
      using model = await opened(type);
      for (const name of model.names.filter((each) => /_proj\.weight$/.test(each)))
        expect(isQuantized(model.view(name)), name).toBe(!isNew(name));
      const values = await model.parameters.read();
      expect(Object.keys(values).filter(isNew)).toHaveLength(2 * 9);
      for (const [name, { data }] of Object.entries(values)) {
        const source = name.replace('.2.', '.1.').replace('.5.', '.3.');
        const own = WEIGHTS[source] as HostTensor;
        const zero = /\.(o|down)_proj\./.test(name);
        expect([...data], name).toEqual(zero ? [...own.data].map(() => 0) : [...own.data]);
      }
    },
  );

  test(
    'a run trains every tensor of the new blocks and nothing else, and learns',
    covers(
      'fsdp.training.type-bnb-llama-pro/only-new-train',
      'fsdp.training.type-hqq-llama-pro/only-new-train',
    ).control('all that is in floats is trained', {
      file: 'src/train/llama/open-model.ts',
      from: 'isMade === true && isOfCopy(name, expansion)',
      to: 'true',
    }),
    async () => {
      const { losses, trainable, values } = await trained(type, async () => {});
      expect(trainable).toBe(TRAINED);
      const numbers = Object.values(values).reduce((sum, { data }) => sum + data.length, 0);
      expect(numbers).toBe(TRAINED);
      using start = await opened(type);
      const before = await start.parameters.read();
      expect(Object.keys(values)).toEqual(Object.keys(before));
      for (const [name, { data }] of Object.entries(values)) {
        expect(isNew(name), name).toBe(true);
        expect(data, name).not.toEqual(before[name]?.data);
      }
      expect(losses.at(-1)).toBeLessThan(0.9 * (losses[0] as number));
    },
  );

  test(
    'what is frozen keeps its bits over a run',
    covers(
      'fsdp.training.type-bnb-llama-pro/base-hash-unchanged',
      'fsdp.training.type-hqq-llama-pro/base-hash-unchanged',
    ).control('norms of the base are trained too', {
      file: 'src/models/llama/load.ts',
      from: 'else if (trains(name))',
      to: "else if (trains(name) || name.endsWith('norm.weight'))",
    }),
    async () => {
      let after: ReadonlyMap<string, Uint8Array> = new Map();
      await trained(type, async (model) => {
        after = await frozenBits(model);
      });
      using start = await opened(type);
      const before = await frozenBits(start);
      expect([...after.keys()]).toEqual([...before.keys()]);
      // 28 linears, norms, embeddings and head.
      expect(new Set([...before.keys()].map((key) => key.split(' ')[0])).size).toBe(28 + 11);
      for (const [key, bits] of before)
        expect(Buffer.compare(after.get(key) ?? EMPTY, bits), key).toBe(0);
    },
  );
});

test('the expanded model is saved as a folder of six blocks that gives the trained logits', async () => {
  const files = new KeptFiles();
  let logits: Uint32Array | undefined;
  await trained('bnb_llama_pro', async (model) => {
    const config = { ...MODEL, layers: 6 };
    const tuned = { model, folder: FOLDER, config, name: 'mine', adapters: new Map() };
    const told = await saveModel(gpu, tuned, MODEL_FORMS['merged-float32'], files);
    expect(told).toMatchObject({ stored: 'f32', merged: 0 });
    logits = await logitsOf(model);
  });
  const saved = await modelConfigIn(files.folder);
  expect(saved.layers).toBe(6);
  using again = await loadLlama(gpu, files.folder, { length: 12 });
  const verdict = judge(
    logitsValue(await logitsOf(again)),
    logitsValue(logits as Uint32Array),
    limitOf('logits', logitsValue(logits as Uint32Array)),
    new Uint8Array(12 * 96),
  );
  expect(verdict).toMatchObject({ ok: true, compared: 12 * 96 });
});

describe('what was added', () => {
  /** The logits that a run ends with, and what it saves. */
  const run = async () => {
    let logits: Uint32Array | undefined;
    const files = new KeptFiles();
    const { values, losses } = await trained('bnb_llama_pro', async (model) => {
      logits = await logitsOf(model);
      const tuned = { model, folder: FOLDER, config: { ...MODEL, layers: 6 }, name: 'mine' };
      const whole = { ...tuned, adapters: new Map() };
      await saveModel(gpu, whole, MODEL_FORMS['merged-float32'], files);
    });
    return { logits, losses, values, files };
  };
  const expanded = { before: 4, after: 6 };

  test('is gone on from, as its file has it, over the model and in a folder of six blocks', async () => {
    const { logits, losses, values, files } = await run();
    const written = trainedBlocks(values, expanded).map(({ name, data }) => [name, data] as const);
    expect(written.map(([name]) => name)).toEqual(['blk_exp-4-6.safetensors']);
    const read = await readBlocks(folderOf(Object.fromEntries(written)));
    expect(read?.layers).toEqual(expanded);
    const config = { ...settings('bnb_llama_pro'), expanded };
    {
      using model = await openModel(gpu, { folder: FOLDER, config: MODEL }, config, read?.values);
      expect(await logitsOf(model)).toEqual(logits);
      expect(model.parameters.count).toBe(TRAINED);
    }
    const six = await modelConfigIn(files.folder);
    using model = await openModel(gpu, { folder: files.folder, config: six }, config);
    // What 4 bits stood for is quantized to the same codes again.
    expect(await logitsOf(model)).toEqual(logits);
    expect(model.parameters.count).toBe(TRAINED);
    for (const name of model.names.filter((each) => /_proj\.weight$/.test(each)))
      expect(isQuantized(model.view(name)), name).toBe(!isNew(name));
    const training = { folder: FOLDER, model: MODEL, texts: TEXTS, config, saved: read?.values };
    const more = fineTuneLlama(gpu, training, { judge: async () => 0 });
    for (let next = await more.next(); !next.done; next = await more.next())
      if (next.value.type === 'step' && next.value.step === 1)
        expect(next.value.loss).toBeLessThan(losses.at(-1) as number);
  });

  test('is refused where it lacks a tensor of the blocks, before anything is on the device', async () => {
    const config = { ...settings('hqq_llama_pro'), expanded };
    const live = gpu.memory.ledger.liveBytes;
    const some = new Map(Object.entries(WEIGHTS).filter(([each]) => each.includes('.2.')));
    const opening = openModel(gpu, { folder: FOLDER, config: MODEL }, config, some);
    await expect(opening).rejects.toThrow('the file of added blocks lacks model.layers.5.');
    expect(gpu.memory.ledger.liveBytes).toBe(live);
  });
});
