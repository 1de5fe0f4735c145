import { afterAll, beforeAll, expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { llamaCheckpoint } from '../../formats/gguf/llama-checkpoint.ts';
import { ggufModelFiles } from '../../formats/gguf/model-files.ts';
import { readGguf } from '../../formats/gguf.ts';
import { tensorShapes } from '../../formats/hugging-face/architecture.ts';
import { Checkpoint } from '../../formats/hugging-face/checkpoint.ts';
import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import { folderOf, TINY } from '../../formats/hugging-face/fixtures/tiny-folder.ts';
import { filesOf } from '../../formats/hugging-face/fixtures/tokenizers.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import { partsOfBytes } from '../../formats/part-file.ts';
import { float64Of } from '../../formats/safetensors/stored.ts';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { loadLlama } from '../../models/llama/load.ts';
import { isQuantized } from '../../quant/weight.ts';
import type { DeviceWeight } from '../../quantizer/coding.ts';
import { mergedTruth } from '../../reference/lora/merged.ts';
import { decodedBlocks } from '../../reference/quant/gguf-blocks.ts';
import { f32FromF16 } from '../../tensor/half.ts';
import { filledTensor, type HostTensor, hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import type { Shape } from '../../tensor/shape.ts';
import { MODEL_FORMS, type ModelFormName } from '../../train/llama/saved-model/forms.ts';
import { type SavedModel, saveModel } from '../../train/llama/saved-model/save-model.ts';
import { KeptFiles } from './fixtures/kept-files.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** A model with adapters is saved whole, and its files say what base and adapters do together. */

const MODEL: ModelConfig = {
  ...TINY,
  ...{ hidden: 32, layers: 2, heads: 4, kvHeads: 2, headDim: 8, intermediate: 48 },
  ...{ vocabulary: 1024, context: 16 },
};
const CONFIG = {
  ...{ model_type: 'llama', hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 4 },
  ...{ num_key_value_heads: 2, intermediate_size: 48, vocab_size: 1024 },
  ...{ max_position_embeddings: 16, rms_norm_eps: 1e-5, dtype: 'bfloat16' },
};
const Q = 'model.layers.1.self_attn.q_proj';
const DOWN = 'model.layers.0.mlp.down_proj';
const ADAPTERS = new Map([
  [Q, { r: 3, alpha: 6 }],
  [DOWN, { r: 3, alpha: 6 }],
]);

const random = new Random(7);
const drawn = (shape: Shape, size: number, dtype: 'f32' | 'bf16' = 'f32'): HostTensor =>
  filledTensor(dtype, shape, () => random.normal(size));
const WEIGHTS = Object.fromEntries(
  [...tensorShapes(MODEL)].map(([name, shape]) => [name, drawn(shape, 0.1, 'bf16')]),
);
const VALUES = new Map<string, HostTensor>(
  [...ADAPTERS.keys()].flatMap((name) => {
    const [out = 0, features = 0] = WEIGHTS[`${name}.weight`]?.shape ?? [];
    return [
      [`${name}.lora_A`, drawn([3, features], 0.3)],
      [`${name}.lora_B`, drawn([out, 3], 0.3)],
    ] as const;
  }),
);
const FOLDER = folderOf({
  ...filesOf('smollm'),
  'config.json': JSON.stringify(CONFIG),
  'model.safetensors': writeSafetensors(WEIGHTS),
});

/** What base and adapter are together, and by how much float32 may be off. */
function truthOf(name: string): { readonly exact: Float64Array; readonly bound: Float64Array } {
  const valueOfHost = (host: HostTensor) => ({ shape: host.shape, data: valuesOf(host) });
  const weight = valueOfHost(WEIGHTS[name] as HostTensor);
  const module = name.slice(0, -'.weight'.length);
  const adapter = ADAPTERS.get(module);
  if (!adapter) return { exact: weight.data, bound: weight.data.map(() => 0) };
  const part = (end: string) => valueOfHost(VALUES.get(`${module}.${end}`) as HostTensor);
  const parts = { weight, lora_A: part('lora_A'), lora_B: part('lora_B') };
  const { merged, bound } = mergedTruth(parts, adapter);
  return { exact: merged.data, bound };
}

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

async function saved(
  form: ModelFormName,
  { shardBytes, values = VALUES }: { shardBytes?: number; values?: typeof VALUES } = {},
): Promise<{ readonly files: KeptFiles; readonly told: SavedModel }> {
  const config = await modelConfigIn(FOLDER);
  using model = await loadLlama(gpu, FOLDER, {
    length: 8,
    adapters: { modules: ADAPTERS, random: new Random(1), values },
  });
  const files = new KeptFiles();
  const tuned = { model, folder: FOLDER, config, name: 'mine', adapters: ADAPTERS };
  const told = await saveModel(gpu, tuned, MODEL_FORMS[form], files, { shardBytes });
  return { files, told };
}

async function expectFolder(folder: ModelFolder, step: number): Promise<void> {
  const checkpoint = await Checkpoint.open(folder, await modelConfigIn(folder));
  for (const name of tensorShapes(MODEL).keys()) {
    const { exact, bound } = truthOf(name);
    const found = float64Of(await checkpoint.read(name));
    const off = found.findIndex((x, i) => {
      const limit = (bound[i] as number) + step * Math.abs(exact[i] as number);
      return !(Math.abs(x - (exact[i] as number)) <= limit * 1.001);
    });
    expect(off, name).toBe(-1);
  }
}

test('a folder in the type of the base has weights that are merged, configuration and tokenizer', async () => {
  const { files, told } = await saved('merged');
  expect(files.names).toEqual([
    ...['model.safetensors', 'config.json', 'tokenizer.json', 'tokenizer_config.json'],
    ...files.names.slice(4),
  ]);
  await expectFolder(files.folder, 2 ** -8);
  const { tensors, metadata } = readSafetensors(files.bytes('model.safetensors'));
  expect([...tensors.values()].every(({ dtype }) => dtype === 'BF16')).toBe(true);
  expect(metadata.get('format')).toBe('pt');
  expect(told).toMatchObject({ stored: 'bf16', merged: 2 });
  expect(told.error?.ofWeights).toBeGreaterThan(2 ** -11);
  expect(told.error?.ofWeights).toBeLessThan(2 ** -8);
  expect(told.error?.ofChange).toBeGreaterThan(told.error?.ofWeights as number);
});

test('in float32 nothing is rounded, and small shards have an index that is read again', async () => {
  const { files, told } = await saved('merged-float32', { shardBytes: 30_000 });
  expect(files.names.filter((name) => name.startsWith('model-')).length).toBeGreaterThan(3);
  expect(files.names).toContain('model.safetensors.index.json');
  await expectFolder(files.folder, 0);
  expect(told).toMatchObject({ stored: 'f32', error: { ofWeights: 0, ofChange: 0 } });
});

test('a GGUF file in halves has the same weights, rows of q and k in pairs', async () => {
  const { files } = await saved('gguf-f16');
  expect(files.names).toEqual(['model-f16.gguf']);
  const { tensors, metadata } = readGguf(files.bytes('model-f16.gguf'));
  expect(metadata.get('general.name')).toBe('mine');
  expect(tensors.get('output_norm.weight')?.type.name).toBe('f32');
  const named = llamaCheckpoint({ tensors, metadata }).tensors;
  expect([...named.keys()].sort()).toEqual([...tensorShapes(MODEL).keys()].sort());
  for (const [name, { type, shape, bytes }] of named) {
    const { exact } = truthOf(name);
    expect(shape, name).toEqual(tensorShapes(MODEL).get(name));
    const found =
      type.name === 'f32'
        ? new Float32Array(bytes.slice().buffer)
        : Float64Array.from(new Uint16Array(bytes.slice().buffer), f32FromF16);
    const off = exact.findIndex(
      (x, i) => Math.abs(x - (found[i] as number)) > 2 ** -10.9 * Math.abs(x) + 2 ** -24,
    );
    expect(off, name).toBe(-1);
  }
  expect(tensors.get('blk.1.attn_q.weight')?.bytes).not.toEqual(named.get(`${Q}.weight`)?.bytes);
});

test('in Q8_0 rows that are whole blocks are off by half a step at most, others stay halves', async () => {
  const { files, told } = await saved('gguf-q8_0');
  const { tensors, metadata } = readGguf(files.bytes('model-q8_0.gguf'));
  const named = llamaCheckpoint({ tensors, metadata }).tensors;
  expect(named.get(`${DOWN}.weight`)?.type.name).toBe('f16');
  const { type, shape, bytes } = named.get(`${Q}.weight`) as NonNullable<
    ReturnType<typeof named.get>
  >;
  expect(type.name).toBe('q8_0');
  const packed = { shape: [shape[0] as number, 34], data: Float64Array.from(bytes) };
  const { data } = decodedBlocks(packed, 'q8_0');
  const { exact } = truthOf(`${Q}.weight`);
  for (const [i, x] of exact.entries()) {
    const row = exact.subarray(i - (i % 32), i - (i % 32) + 32);
    const largest = row.reduce((most, y) => Math.max(most, Math.abs(y)), 0);
    // Half a step, and the scale as a half.
    const limit = largest * (1 / 254 + 2 ** -11) * 1.001;
    expect(Math.abs((data[i] as number) - x), String(i)).toBeLessThanOrEqual(limit);
  }
  expect(told).toMatchObject({ stored: 'q8_0', merged: 2 });
});

test(
  'a model that was saved in Q8_0 has the codes of its file, and saved again gives the same file',
  covers('fsdp.training.save-model-merged/quantized-round-trip').control(
    'rows of q and k come as they lie in the file',
    {
      file: 'src/formats/gguf/head-rows.ts',
      from: '(i, half) => 2 * (i % half) + Math.floor(i / half)',
      to: '(i) => i',
    },
  ),
  async () => {
    const { files } = await saved('gguf-q8_0');
    const file = files.bytes('model-q8_0.gguf');
    const folder = await ggufModelFiles(partsOfBytes(file));
    const config = await modelConfigIn(folder);
    const checkpoint = await Checkpoint.open(folder, config);
    using model = await loadLlama(gpu, folder, { length: 8 });
    const coded = checkpoint.names.filter((name) => isQuantized(model.view(name)));
    // Rows of 32 are whole blocks, and those of 48 are none; tables are decoded when they are loaded.
    expect(coded).toEqual(
      checkpoint.names.filter((name) => /layers/.test(name) && !/norm|down_proj/.test(name)),
    );
    for (const name of coded) {
      const { parts } = model.view(name) as DeviceWeight;
      const stored = (await checkpoint.readCoded(name))?.parts['packed'];
      expect((await parts['packed']?.read())?.data, name).toEqual(stored?.data);
    }
    const again = new KeptFiles();
    const tuned = { model, folder, config, name: 'mine', adapters: new Map() };
    await saveModel(gpu, tuned, MODEL_FORMS['gguf-q8_0'], again);
    const before = readGguf(file).tensors;
    const after = readGguf(again.bytes('model-q8_0.gguf')).tensors;
    expect([...after.keys()]).toEqual([...before.keys()]);
    for (const [name, { type, bytes }] of before)
      expect(after.get(name), name).toMatchObject({ type, bytes });
  },
);

test('a weight that the type does not hold is refused by name', async () => {
  const large = new Map(VALUES);
  const { shape, data } = VALUES.get(`${Q}.lora_B`) as HostTensor;
  large.set(
    `${Q}.lora_B`,
    hostTensorFrom(
      'f32',
      shape,
      Float64Array.from(data, (x) => 1e6 * x),
    ),
  );
  await expect(saved('merged-float16', { values: large })).rejects.toMatchObject({
    code: 'save-overflow',
    message: expect.stringMatching(/q_proj\.weight" has .* which f16 does not hold: save/),
  });
  await expect(saved('merged', { values: large })).resolves.toBeDefined();
});
