import { describe, expect, test } from 'vitest';
import { hostTensorFrom } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { tensorShapes } from '../hugging-face/architecture.ts';
import { Checkpoint } from '../hugging-face/checkpoint.ts';
import type { ModelConfig } from '../hugging-face/config.ts';
import { folderOf, TINY } from '../hugging-face/fixtures/tiny-folder.ts';
import { modelFiles } from '../hugging-face/model-files.ts';
import { modelConfigIn } from '../hugging-face/model-folder.ts';
import { openTokenizer } from '../hugging-face/tokenizer.ts';
import { type PartFile, partsOfBytes } from '../part-file.ts';
import { toStored } from '../safetensors/write.ts';
import { type GivenTensor, ggufModelFile } from './fixtures/model-file.ts';
import { ggufModelFiles } from './model-files.ts';

const MODEL: ModelConfig = {
  ...TINY,
  ...{ hidden: 32, headDim: 8, heads: 4, kvHeads: 2, intermediate: 64, vocabulary: 600, layers: 2 },
};
const DOWN = 'model.layers.1.mlp.down_proj.weight';

const random = new Random(3);
const f32 = (shape: readonly number[]): GivenTensor => {
  const values = random.fill(sizeOf(shape), () => random.normal(1));
  return { type: 'f32', shape, bytes: toStored(hostTensorFrom('f32', shape, values)).bytes };
};
/** Each begins with its scale, whose exponent is no NaN's. */
const blocks = (shape: readonly number[], type: string, bytes: number): GivenTensor => ({
  ...{ type, shape },
  bytes: Uint8Array.from({ length: (sizeOf(shape) / 32) * bytes }, (_, i) =>
    i % bytes === 1 ? 0x3c : random.integer(0, 255),
  ),
});
const tensorsOf = (config: ModelConfig): Map<string, GivenTensor> =>
  new Map([...tensorShapes(config)].map(([name, shape]) => [name, f32(shape)]));

const TENSORS = tensorsOf(MODEL).set(DOWN, blocks([32, 64], 'q8_0', 34));

/** A file that tells how many of its bytes were read. */
function counted(
  bytes: Uint8Array,
): PartFile & { readonly read: PartFile['read']; total(): number } {
  let total = 0;
  const file = partsOfBytes(bytes);
  return {
    bytes: file.bytes,
    read: (start, end) => {
      total += end - start;
      return file.read(start, end);
    },
    total: () => total,
  };
}

describe('a lone file', () => {
  test('has the configuration, the tokenizer and every tensor where it lies', async () => {
    for (const family of ['llama', 'qwen2', 'qwen3'] as const) {
      const config = { ...MODEL, family, kvHeads: 2 };
      const tensors = tensorsOf(config).set(DOWN, TENSORS.get(DOWN) as GivenTensor);
      const folder = await modelFiles(
        folderOf({ 'm.gguf': await ggufModelFile(config, tensors), 'README.md': 'mine' }),
      );
      const read = await modelConfigIn(folder);
      expect(read).toEqual({ ...config, quantization: 'gguf', blocks: { [DOWN]: 'q8_0' } });
      const codec = await openTokenizer(folder);
      expect(codec.decode(codec.encode('in the forest'))).toBe('in the forest');
      const checkpoint = await Checkpoint.open(folder, read);
      expect([...checkpoint.names].sort()).toEqual([...tensors.keys()].sort());
      for (const [name, { bytes, shape }] of tensors) {
        const stored = await checkpoint.read(name);
        expect([...stored.bytes], name).toEqual([...bytes]);
        expect(stored.shape, name).toEqual(name === DOWN ? [32, 68] : shape);
        expect(checkpoint.isQuantized(name), name).toBe(name === DOWN);
      }
      const coded = await checkpoint.readCoded(DOWN);
      expect(coded).toMatchObject({ scheme: { blocks: 'q8_0' }, shape: [32, 64] });
      expect([...(coded?.parts['packed']?.data ?? [])]).toEqual([
        ...(tensors.get(DOWN)?.bytes ?? []),
      ]);
    }
  });

  test('is read by its header alone until a tensor is asked for', async () => {
    const large = { ...MODEL, intermediate: 2 ** 15 };
    const bytes = await ggufModelFile(large, tensorsOf(large));
    const file = counted(bytes);
    const folder = await ggufModelFiles(file);
    expect(bytes.length).toBeGreaterThan(2 ** 24);
    expect(file.total()).toBe(2 ** 20);
    const checkpoint = await Checkpoint.open(folder, await modelConfigIn(folder));
    await checkpoint.read('model.norm.weight');
    expect(file.total()).toBe(2 ** 20 + 4 * 32);
  });

  test('with a header that is longer than what is read at first is read on', async () => {
    const template = 'x'.repeat(3 * 2 ** 20);
    const fields = { 'tokenizer.chat_template': { type: 'text', value: template } } as const;
    const folder = await ggufModelFiles(
      partsOfBytes(await ggufModelFile(MODEL, TENSORS, { fields })),
    );
    expect((await openTokenizer(folder)).chatTemplate).toBe(template);
    const stored = await (await Checkpoint.open(folder, await modelConfigIn(folder))).read(DOWN);
    expect([...stored.bytes]).toEqual([...(TENSORS.get(DOWN)?.bytes ?? [])]);
  });

  test('with the factors of Llama 3.1 has its scaling', async () => {
    const rope_scaling = { ...{ factor: 8, low_freq_factor: 1, high_freq_factor: 4 } };
    const theta = { ...MODEL, ropeTheta: 500 };
    // Pairs that turn by 1, 500^-0.25, 500^-0.5 and 500^-0.75 in a first context of 64 tokens.
    const factorsOf = (...values: number[]) =>
      new Map(TENSORS).set('rope_freqs.weight', {
        ...{ type: 'f32', shape: [4] },
        bytes: new Uint8Array(Float32Array.from(values).buffer),
      });
    const smooth = (64 / (2 * Math.PI * 500 ** 0.5) - 1) / 3;
    expect(smooth).toBeLessThan(0);
    const between = (64 / (2 * Math.PI * 500 ** 0.25) - 1) / 3;
    const given = factorsOf(1, 1 / ((1 - between) / 8 + between), 8, 8);
    const folder = await ggufModelFiles(partsOfBytes(await ggufModelFile(theta, given)));
    expect((await modelConfigIn(folder)).ropeScaling).toEqual({
      ...{ rope_type: 'llama3', ...rope_scaling, original_max_position_embeddings: 64 },
    });
    const none = await ggufModelFiles(
      partsOfBytes(await ggufModelFile(theta, factorsOf(1, 1, 1, 1))),
    );
    expect((await modelConfigIn(none)).ropeScaling).toBeUndefined();
    const other = ggufModelFile(theta, factorsOf(1, 2, 3, 8));
    await expect(ggufModelFiles(partsOfBytes(await other))).rejects.toThrow(
      'rope_freqs.weight has factors that are not those of Llama 3.1',
    );
  });
});

describe('what is no model of ours is refused in a line', () => {
  test.each<[string, [string, GivenTensor], string]>([
    [
      'another tensor',
      ['blk.0.attn_sinks.weight', f32([4])],
      '"blk.0.attn_sinks.weight" is no tensor',
    ],
    [
      'a type without a reader',
      [DOWN, blocks([32, 64], 'q4_1', 20)],
      'ffn_down.weight" is q4_1, which',
    ],
  ])('%s', async (_, [name, tensor], says) => {
    const file = await ggufModelFile(MODEL, new Map(TENSORS).set(name, tensor));
    await expect(ggufModelFiles(partsOfBytes(file))).rejects.toThrow(says);
  });

  test.each<[string, [string, GivenTensor], string]>([
    ['a shape', [DOWN, f32([64, 32])], 'down_proj.weight" is 64x32 and should be 32x64'],
    ['blocks of a shape', [DOWN, blocks([64, 32], 'q8_0', 34)], 'should be 32x68'],
    [
      'blocks of a vector',
      ['model.norm.weight', blocks([32], 'q8_0', 34)],
      'linears and tables alone are read so',
    ],
  ])('%s that does not fit', async (_, [name, tensor], says) => {
    const file = await ggufModelFile(MODEL, new Map(TENSORS).set(name, tensor));
    const folder = await ggufModelFiles(partsOfBytes(file));
    const opened = Checkpoint.open(folder, await modelConfigIn(folder));
    await expect(opened).rejects.toThrow(says);
  });

  test('a tensor that is missing, by its name in transformers', async () => {
    const tensors = new Map(TENSORS);
    tensors.delete(DOWN);
    const folder = await ggufModelFiles(partsOfBytes(await ggufModelFile(MODEL, tensors)));
    const opened = Checkpoint.open(folder, await modelConfigIn(folder));
    await expect(opened).rejects.toMatchObject({ faults: [{ code: 'tensor-missing' }] });
  });

  test.each<[string, GivenTensor]>([
    ['a weight', f32([32, 64])],
    ['a scale of a block', blocks([32, 64], 'q8_0', 34)],
  ])('%s that is not finite, by the name of the file', async (_, tensor) => {
    const bytes = tensor.bytes.slice().fill(0xff, 0, 4);
    const tensors = new Map(TENSORS).set(DOWN, { ...tensor, bytes });
    const folder = await modelFiles(folderOf({ 'my.gguf': await ggufModelFile(MODEL, tensors) }));
    const checkpoint = await Checkpoint.open(folder, await modelConfigIn(folder));
    const read = async () => (await checkpoint.readCoded(DOWN)) ?? (await checkpoint.read(DOWN));
    await expect(read()).rejects.toThrow(`"${DOWN}" in "my.gguf" `);
  });

  test('a file that is cut off anywhere', async () => {
    const file = await ggufModelFile(MODEL, TENSORS);
    for (const end of [3, 20, 1000, 20_000, file.length - 40])
      await expect(ggufModelFiles(partsOfBytes(file.subarray(0, end))), `${end}`).rejects.toThrow(
        /cut off|does not begin with GGUF/,
      );
  });

  test('a count of keys that no header holds, before anything of the size is allocated', async () => {
    const start = await ggufModelFile(MODEL, TENSORS);
    new DataView(start.buffer).setBigUint64(16, 2n ** 40n, true);
    const file = { ...partsOfBytes(start), bytes: 2 ** 50 };
    const read = async (from: number, to: number) => {
      const part = new Uint8Array(to - from);
      part.set(start.subarray(from, Math.min(to, start.length)));
      return part;
    };
    await expect(ggufModelFiles({ ...file, read })).rejects.toMatchObject({ code: 'bad-file' });
  });

  test('several files without a word which is meant', async () => {
    const folder = folderOf({ 'a.gguf': 'GGUF', 'b.gguf': 'GGUF' });
    await expect(modelFiles(folder)).rejects.toThrow('the folder has "a.gguf", "b.gguf": give');
  });
});

test('a folder with a config.json is what it is, whatever lies beside', async () => {
  const folder = folderOf({ 'config.json': '{}', 'a.gguf': 'GGUF' });
  expect(await modelFiles(folder)).toBe(folder);
});
