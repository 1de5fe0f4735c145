import { afterAll, beforeAll, expect, test } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { readHostModel } from '../../backends/manager/host-model.ts';
import { ModelOnDevice } from '../../backends/manager/on-device.ts';
import { type GivenTensor, ggufModelFile } from '../../formats/gguf/fixtures/model-file.ts';
import { ggufModelFiles } from '../../formats/gguf/model-files.ts';
import { tensorShapes } from '../../formats/hugging-face/architecture.ts';
import { Checkpoint } from '../../formats/hugging-face/checkpoint.ts';
import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import { folderOf, TINY } from '../../formats/hugging-face/fixtures/tiny-folder.ts';
import { filesOf } from '../../formats/hugging-face/fixtures/tokenizers.ts';
import { modelFiles } from '../../formats/hugging-face/model-files.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import { openTokenizer } from '../../formats/hugging-face/tokenizer.ts';
import { partsOfBytes } from '../../formats/part-file.ts';
import { toHostTensor } from '../../formats/safetensors/stored.ts';
import { toStored, writeSafetensors } from '../../formats/safetensors/write.ts';
import { Gpu } from '../../gpu/gpu.ts';
import { loadLlama } from '../../models/llama/load.ts';
import { GGUF_TYPES, type GgufType } from '../../quant/gguf/types.ts';
import { isQuantized } from '../../quant/weight.ts';
import { judge } from '../../reference/judge.ts';
import { limitOf } from '../../reference/llama/limits.ts';
import { decodedBlocks } from '../../reference/quant/gguf-blocks.ts';
import type { Value } from '../../reference/record.ts';
import { f16FromF32 } from '../../tensor/half.ts';
import { filledTensor, type HostTensor, hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { saveModel } from '../../train/llama/saved-model/save-model.ts';
import { KeptFiles } from './fixtures/kept-files.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';
import { withReach } from './fixtures/usual-limits.ts';

/** A lone GGUF file is a model, with the logits of the folder that its blocks stand for. */

const MODEL: ModelConfig = {
  ...TINY,
  ...{ hidden: 256, layers: 2, heads: 4, kvHeads: 2, headDim: 64, intermediate: 256 },
  ...{ vocabulary: 600, context: 16 },
};
const CONFIG = {
  ...{ model_type: 'llama', hidden_size: 256, num_hidden_layers: 2, num_attention_heads: 4 },
  ...{ num_key_value_heads: 2, intermediate_size: 256, vocab_size: 600 },
  ...{ max_position_embeddings: 16, rms_norm_eps: 1e-5 },
};
const NORM = 'model.norm.weight';

const random = new Random(11);
const drawn = (shape: Shape, size: number): HostTensor =>
  filledTensor('f32', shape, () => random.normal(size));

/** Rows of blocks whose codes are drawn, with scales of a weight of some hundredths. */
function drawnBlocks(shape: Shape, type: GgufType): GivenTensor {
  const { elements, bytes, scales } = GGUF_TYPES[type];
  const blocks = Uint8Array.from({ length: (sizeOf(shape) / elements) * bytes }, () =>
    random.integer(0, 255),
  );
  const view = new DataView(blocks.buffer);
  const scale = { q4_0: 0.01, q5_0: 0.005, q8_0: 0.001, q6_k: 3e-5 }[type as string] ?? 2e-4;
  for (let at = 0; at < blocks.length; at += bytes)
    for (const half of scales)
      view.setUint16(at + half, f16FromF32(scale * (1 + random.uniform())), true);
  return { type, shape, bytes: blocks };
}

const floatFolder = (floats: Readonly<Record<string, HostTensor>>): ModelFolder =>
  folderOf({
    'config.json': JSON.stringify(CONFIG),
    'model.safetensors': writeSafetensors(floats),
  });

const IDS = Array.from({ length: 14 }, (_, i) => (i * 37) % 600);

let gpu: Gpu;
/** Reaches 256 rows of a table. */
let small: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
  small = await Gpu.request(await withReach(4 * 256 * 256, 2 ** 28));
});
afterAll(() => {
  gpu[Symbol.dispose]();
  small[Symbol.dispose]();
});

async function logitsOf(
  folder: ModelFolder,
  on = gpu,
): Promise<Value & { readonly coded: readonly string[]; readonly parts: number }> {
  using model = await loadLlama(on, folder, { length: 8 });
  using ids = Tensor.from(on, hostTensorFrom('i32', [2, 7], IDS));
  using tape = new Tape(on);
  const host = await model.forward(tape, { ids }).read();
  const coded = model.names.filter((name) => isQuantized(model.view(name)));
  const parts = model.names.filter((name) => name.includes('.part_')).length;
  return { shape: host.shape, data: valuesOf(host), coded, parts };
}

const verdict = (actual: Value, truth: Value) =>
  judge(actual, truth, limitOf('logits', truth), new Uint8Array(truth.data.length));

test.each(Object.keys(GGUF_TYPES) as GgufType[])(
  'blocks of %s stay in codes, and have the logits of what they stand for',
  async (type) => {
    const floats: Record<string, HostTensor> = {};
    const tensors = new Map<string, GivenTensor>();
    for (const [name, shape] of tensorShapes(MODEL)) {
      if (shape.length < 2) {
        floats[name] = drawn(shape, 1);
        tensors.set(name, { type: 'f32', shape, bytes: toStored(floats[name]).bytes });
        continue;
      }
      const given = drawnBlocks(shape, type);
      const rows = shape[0] as number;
      const packed = {
        shape: [rows, given.bytes.length / rows],
        data: Float64Array.from(given.bytes),
      };
      floats[name] = hostTensorFrom('f32', shape, decodedBlocks(packed, type).data);
      tensors.set(name, given);
    }
    const truth = await logitsOf(floatFolder(floats));
    const file = await ggufModelFile(MODEL, tensors);
    const files = await ggufModelFiles(partsOfBytes(file));
    const own = await logitsOf(files);
    // Tables that no kernel reaches at once are decoded part by part.
    expect(await logitsOf(files, small)).toEqual({ ...own, parts: 2 * 3 });
    const host = await readHostModel(files);
    using placed = new ModelOnDevice(small, host, 8, 'webgpu');
    const logits = await placed.logits(hostTensorFrom('i32', [2, 7], IDS));
    expect({ shape: logits.shape, data: valuesOf(logits) }).toEqual({
      shape: own.shape,
      data: own.data,
    });
    expect(await placed.toHost()).toEqual(host);
    expect(verdict(own, truth)).toMatchObject({ ok: true, compared: 14 * 600 });
    expect(own.coded.length).toBe(14);
    expect(truth.coded).toEqual([]);
    // Rows of q and k that are not put back in halves make another model.
    const q = 'model.layers.0.self_attn.q_proj.weight';
    const swapped = { ...floats, [q]: reversed(floats[q] as HostTensor) };
    const other = await logitsOf(floatFolder(swapped));
    expect(verdict(own, other)).toMatchObject({ ok: false });
  },
);

const reversed = ({ shape, data }: HostTensor): HostTensor =>
  hostTensorFrom('f32', shape, Float64Array.from(data).reverse());

/** The same model with what its blocks of Q8_0 stand for. */
async function decoded(folder: ModelFolder): Promise<ModelFolder> {
  const checkpoint = await Checkpoint.open(folder, await modelConfigIn(folder));
  const floats: Record<string, HostTensor> = {};
  for (const name of checkpoint.names) {
    const coded = await checkpoint.readCoded(name);
    const packed = coded?.parts['packed'];
    floats[name] = packed
      ? hostTensorFrom('f32', coded.shape, decodedBlocks(hostValue(packed), 'q8_0').data)
      : toHostTensor(await checkpoint.read(name));
  }
  return floatFolder(floats);
}

const hostValue = (host: HostTensor): Value => ({ shape: host.shape, data: valuesOf(host) });

test.each(['llama3', 'llama2', 'qwen2'])(
  'what is saved as GGUF with the tokenizer %s is read again: logits and ids',
  async (tokenizer) => {
    const weights = Object.fromEntries(
      [...tensorShapes(MODEL)].map(([name, shape]) => {
        const values = valuesOf(drawn(shape, name === NORM ? 1 : 0.05));
        return [name, hostTensorFrom('f16', shape, values)];
      }),
    );
    const folder = folderOf({
      ...filesOf(tokenizer),
      'config.json': JSON.stringify(CONFIG),
      'model.safetensors': writeSafetensors(weights),
    });
    const truth = await logitsOf(folder);
    const save = async (type: 'f16' | 'q8_0') => {
      using model = await loadLlama(gpu, folder, { length: 8 });
      const files = new KeptFiles();
      const tuned = { model, folder, config: await modelConfigIn(folder), name: 'mine' };
      await saveModel(gpu, { ...tuned, adapters: new Map() }, { kind: 'gguf', type }, files);
      return await modelFiles(files.folder);
    };
    const halves = await save('f16');
    expect((await logitsOf(halves)).data).toEqual(truth.data);
    const blocks = await save('q8_0');
    const inBlocks = await logitsOf(blocks);
    expect(inBlocks.coded.length).toBe(14);
    expect(inBlocks.data).not.toEqual(truth.data);
    expect(verdict(inBlocks, await logitsOf(await decoded(blocks)))).toMatchObject({ ok: true });
    const given = await openTokenizer(folder);
    const own = await openTokenizer(halves);
    for (const text of [
      'Once upon a time, in 1984…',
      '  two  spaces\n\tand a tab',
      'naïve 日本 🙂',
    ])
      expect(own.encode(text), text).toEqual(given.encode(text));
  },
);
