import { describe, expect, test } from 'vitest';
import { blockFormatOf } from '../../quant/registry.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { type CheckpointWeight, quantizedTensors } from '../quantized-checkpoint.ts';
import { STORED_BYTES, type StoredTensor, toHostTensor } from '../safetensors/stored.ts';
import { toStored, writeSafetensors, writeStored } from '../safetensors/write.ts';
import { readSafetensors } from '../safetensors.ts';
import { Checkpoint } from './checkpoint.ts';
import { CheckpointError } from './checkpoint-error.ts';
import type { ModelConfig } from './config.ts';
import {
  folderOf,
  shardedFolder,
  type Tensors,
  TINY,
  tinyTensors,
} from './fixtures/tiny-folder.ts';

const WHOLE = tinyTensors();
const NORM = 'model.norm.weight';
const HEAD = 'lm_head.weight';
const ONE = 'model-00001-of-00002.safetensors';
const TWO = 'model-00002-of-00002.safetensors';
const without = (...names: string[]): Tensors =>
  Object.fromEntries(Object.entries(WHOLE).filter(([name]) => !names.includes(name)));
const only = (...names: string[]): Tensors =>
  Object.fromEntries(Object.entries(WHOLE).filter(([name]) => names.includes(name)));
const HALVES = { [ONE]: without(NORM, HEAD), [TWO]: only(NORM, HEAD) };

/** What is wrong with a folder: code and message of each fault. */
async function faultsOf(
  files: Parameters<typeof folderOf>[0],
  config: ModelConfig = TINY,
): Promise<readonly (readonly [string, string])[]> {
  try {
    await Checkpoint.open(folderOf(files), config);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    expect(error.message).not.toMatch(/[\n\r]/);
    return error.faults.map(({ code, message }) => [code, message] as const);
  }
  return [];
}

const whole = (tensors: Tensors) => ({ 'model.safetensors': writeSafetensors(tensors) });

describe('the weights of a folder', () => {
  test.each([
    ['in one file', whole(WHOLE)],
    ['in two shards', shardedFolder(HALVES)],
    ['in a file of another name', { 'weights.bin': writeSafetensors(WHOLE), 'a.json': '{}' }],
    [
      'beside buffers that follow from the configuration',
      whole({
        ...WHOLE,
        'model.layers.0.self_attn.rotary_emb.inv_freq': hostTensorFrom('f32', [1], [1]),
      }),
    ],
  ])('are read %s, each tensor as it was stored', async (_, files) => {
    const checkpoint = await Checkpoint.open(folderOf(files), TINY);
    expect([...checkpoint.names].sort()).toEqual(Object.keys(WHOLE).sort());
    for (const [name, tensor] of Object.entries(WHOLE)) {
      const { dtype, shape, data } = toHostTensor(await checkpoint.read(name));
      expect([name, dtype, shape, data]).toEqual([name, tensor.dtype, tensor.shape, tensor.data]);
    }
  });

  test('are read tensor by tensor, and nothing else of a file but its header', async () => {
    const file = folderOf(whole(WHOLE)).get('model.safetensors');
    const asked: number[] = [];
    const counted = {
      bytes: file?.bytes ?? 0,
      read: async (start: number, end: number) => {
        asked.push(end - start);
        return (await file?.read(start, end)) ?? new Uint8Array();
      },
    };
    const checkpoint = await Checkpoint.open(new Map([['model.safetensors', counted]]), TINY);
    expect(asked).toHaveLength(2);
    const { bytes } = await checkpoint.read(NORM);
    expect(asked.slice(2)).toEqual([bytes.length]);
  });

  test('of a tied model may have its head again, the same', async () => {
    const tied = { ...TINY, tied: true };
    const table = WHOLE['model.embed_tokens.weight'] as Tensors[string];
    const checkpoint = await Checkpoint.open(folderOf(whole({ ...WHOLE, [HEAD]: table })), tied);
    expect(checkpoint.names).not.toContain(HEAD);
    const other = hostTensorFrom(table.dtype, table.shape, valuesOf(table).with(7, 1.5));
    const shorter = { ...WHOLE, [HEAD]: hostTensorFrom('f16', table.shape, valuesOf(table)) };
    for (const tensors of [{ ...WHOLE, [HEAD]: other }, shorter])
      expect(await faultsOf(whole(tensors), tied)).toEqual([
        ['tensor-unexpected', expect.stringContaining('tie_word_embeddings says that it is')],
      ]);
  });
});

describe('refuses', () => {
  test('tensors that are missing, unexpected, of another shape or type, all at once', async () => {
    const tensors = {
      ...without(NORM, HEAD),
      'score.weight': hostTensorFrom('f32', [1], [1]),
      'model.embed_tokens.weight': hostTensorFrom('f32', [4, 5], new Array(20).fill(1)),
      'model.layers.0.mlp.up_proj.weight': hostTensorFrom('i8', [6, 4], new Array(24).fill(1)),
    };
    expect(await faultsOf(whole(tensors))).toEqual([
      ['shape', '"model.embed_tokens.weight" is 4x5 and should be 5x4 by the configuration'],
      ['dtype', '"model.layers.0.mlp.up_proj.weight" is I8; F32, F16, BF16 are read here'],
      ['tensor-missing', '"model.norm.weight" is missing'],
      ['tensor-missing', '"lm_head.weight" is missing'],
      [
        'tensor-unexpected',
        '"score.weight" in "model.safetensors" is no part of a llama of this config.json',
      ],
    ]);
    await expect(Checkpoint.open(folderOf(whole(tensors)), TINY)).rejects.toThrow(/; and 1 more$/);
  });

  test('a tensor that is in two shards', async () => {
    const files = shardedFolder({ [ONE]: WHOLE, [TWO]: only(NORM) });
    const faults = await faultsOf(files);
    expect(faults[0]).toEqual([
      'tensor-repeated',
      `"${NORM}" is in "${ONE}" and in "${TWO}": one of them must go`,
    ]);
  });

  test.each([
    ['../model.safetensors', 'bad-index', 'which is no file of this folder'],
    ['/etc/passwd', 'bad-index', 'which is no file of this folder'],
    ['a\\b.safetensors', 'bad-index', 'which is no file of this folder'],
    ['..', 'bad-index', 'which is no file of this folder'],
    ['', 'bad-index', 'which is no file of this folder'],
    ['other.safetensors', 'shard-missing', `is missing, which holds "${NORM}"`],
  ])('an index that names the shard "%s"', async (shard, code, says) => {
    const files = shardedFolder(HALVES, { [HEAD]: TWO, [NORM]: shard });
    expect(await faultsOf(files)).toEqual([[code, expect.stringContaining(says)]]);
  });

  test.each([
    [{ [NORM]: TWO, [HEAD]: ONE }, 'bad-index', `"${HEAD}" is in "${TWO}", and the index says`],
    [{ [NORM]: TWO, x: ONE }, 'tensor-missing', `"${ONE}" lacks "x"`],
    [{ [NORM]: 3 }, 'bad-index', `names no file for "${NORM}"`],
    [{}, 'bad-index', 'names no tensor at all'],
    [[], 'bad-index', 'has no object weight_map'],
  ])('an index that does not fit, case %#', async (weight_map, code, says) => {
    const faults = await faultsOf(shardedFolder(HALVES, weight_map));
    expect(faults).toContainEqual([code, expect.stringContaining(says)]);
  });

  test('an index that is none', async () => {
    const index = 'model.safetensors.index.json';
    expect(await faultsOf({ [index]: '{' })).toEqual([
      ['bad-index', expect.stringMatching(`^${index}: the index is not JSON`)],
    ]);
    const large = { bytes: 2 ** 30, read: () => Promise.reject(new Error('read')) };
    await expect(Checkpoint.open(new Map([[index, large]]), TINY)).rejects.toThrow(
      'has 1073741824 bytes: an index has a few megabytes',
    );
  });

  test('a shard that ends early', async () => {
    const files = shardedFolder(HALVES);
    const shard = files[TWO] as Uint8Array;
    for (const [length, says] of [
      [shard.length - 1, /offsets out of range, or the file is cut off|belong/],
      [40, /is the file cut off/],
      [5, /too few for a safetensors file/],
    ] as const)
      expect(await faultsOf({ ...files, [TWO]: shard.slice(0, length) })).toEqual([
        ['bad-shard', expect.stringMatching(says)],
      ]);
  });

  test('a file that became shorter since it was opened', async () => {
    const file = folderOf(whole(WHOLE)).get('model.safetensors');
    const { read = async () => new Uint8Array(), bytes = 0 } = file ?? {};
    const shrunk = {
      bytes,
      read: (start: number, end: number) =>
        end === bytes ? Promise.reject(new Error('gone')) : read(start, end),
    };
    const checkpoint = await Checkpoint.open(new Map([['model.safetensors', shrunk]]), TINY);
    const reads = checkpoint.names.map((name) => checkpoint.read(name));
    const ended = (await Promise.allSettled(reads)).filter(({ status }) => status === 'rejected');
    expect(ended).toEqual([
      expect.objectContaining({ reason: expect.objectContaining({ code: 'bad-checkpoint' }) }),
    ]);
    await expect(checkpoint.read('x')).rejects.toThrow('the checkpoint has no "x"');
  });

  test('weights that are quantized, by the name of the method', async () => {
    expect(await faultsOf({}, { ...TINY, quantization: 'gptq' })).toEqual([
      ['quantized', expect.stringContaining('quantized by "gptq"')],
    ]);
  });

  test.each([
    ['pytorch_model.bin', 'pickle-unsafe', [0x80, 0x02, 0x8a], 'is a Python pickle'],
    ['a.npz', 'no-weights', [...'PK\x03\x04'].map((c) => c.charCodeAt(0)), 'is a ZIP archive'],
    ['model.onnx', 'no-weights', [0x08, 0x08, 0x12, 0x07], 'is an ONNX model'],
  ])('%s by what it is, unopened', async (name, code, start, says) => {
    const file = Uint8Array.from({ length: 64 }, (_, i) => start[i] ?? 0);
    expect(await faultsOf({ [name]: file, 'config.json': '{}' })).toEqual([
      [code, expect.stringMatching(`"${name}" ${says}.*: it is not opened`)],
    ]);
    // Under the name of weights as well.
    expect(await faultsOf({ 'model.safetensors': file })).toEqual([
      ['bad-shard', expect.stringContaining(`${says}`)],
    ]);
  });

  test('a folder without weights, or with two that may be them', async () => {
    expect(await faultsOf({ 'config.json': '{}' })).toEqual([
      ['no-weights', expect.stringContaining('has neither model.safetensors nor')],
    ]);
    const file = writeSafetensors(WHOLE);
    expect(await faultsOf({ 'a.bin': file, 'b.bin': file })).toEqual([
      ['no-weights', expect.stringContaining('"a.bin", "b.bin" may each be the weights')],
    ]);
  });
});

describe('weights in 4 bits of bitsandbytes', () => {
  const IN_FOUR_BITS: ModelConfig = { ...TINY, quantization: 'bitsandbytes' };
  const LINEAR = 'model.layers.0.mlp.up_proj.weight';
  /** Of 6 x 4: 12 bytes and one scale. */
  const weightOf = (shape: readonly number[]): CheckpointWeight => ({
    format: blockFormatOf('nf4'),
    blocksize: 64,
    shape,
    dtype: 'float16',
    parts: {
      packed: hostTensorFrom(
        'u8',
        [12, 1],
        Array.from({ length: 12 }, (_, i) => 17 * i),
      ),
      absmax: hostTensorFrom('f32', [1], [0.5]),
    },
  });
  const folder = (name: string, shape = [6, 4], more: Tensors = {}) => {
    const floats = Object.entries({ ...without(name), ...more });
    const stored = floats.map(([each, tensor]) => [each, toStored(tensor)] as const);
    const packed = quantizedTensors(new Map([[name, weightOf(shape)]]));
    return { 'model.safetensors': writeStored([...stored, ...packed], {}) };
  };

  test('are read as they lie, by the name of the weight alone', async () => {
    const checkpoint = await Checkpoint.open(folderOf(folder(LINEAR)), IN_FOUR_BITS);
    expect([...checkpoint.names].sort()).toEqual(Object.keys(WHOLE).sort());
    expect(checkpoint.names.filter((name) => checkpoint.isQuantized(name))).toEqual([LINEAR]);
    const { parts, blocksize, shape } = await checkpoint.readQuantized(LINEAR);
    expect([blocksize, shape]).toEqual([64, [6, 4]]);
    expect([...(parts['packed']?.data ?? [])]).toEqual([
      ...(weightOf([6, 4]).parts['packed']?.data ?? []),
    ]);
    expect(parts['absmax']?.data).toEqual(Float32Array.of(0.5));
  });

  test.each<[string, Parameters<typeof folder>, string]>([
    ['an embedding', ['model.embed_tokens.weight', [5, 4]], 'linears alone'],
    [
      'what is none of its parts',
      [LINEAR, [6, 4], { 'a.absmax': hostTensorFrom('f32', [1], [1]) }],
      'is no part',
    ],
  ])('are refused with %s', async (_, files, says) => {
    const [fault] = await faultsOf(folder(...files), IN_FOUR_BITS);
    expect(fault?.[1]).toContain(says);
  });

  test('are missing where their parts alone are there', async () => {
    const packed = quantizedTensors(new Map([[LINEAR, weightOf([6, 4])]]));
    packed.delete(LINEAR);
    const stored = Object.entries(without(LINEAR)).map(([name, x]) => [name, toStored(x)] as const);
    const files = { 'model.safetensors': writeStored([...stored, ...packed], {}) };
    expect(await faultsOf(files, IN_FOUR_BITS)).toEqual([
      ['tensor-missing', `"${LINEAR}" is missing`],
    ]);
  });

  test.each(['BF16', 'F16', 'F32'] as const)(
    'are read as bytes where they are stored as %s, in which they would be NaN',
    async (dtype) => {
      const file = folder(LINEAR)['model.safetensors'];
      const { tensors } = readSafetensors(file);
      const codes = new Uint8Array(12).fill(0xff);
      const width = STORED_BYTES[dtype];
      const stored = (packed: StoredTensor) =>
        folderOf({ 'model.safetensors': writeStored([...tensors, [LINEAR, packed]], {}) });
      const read = async (packed: StoredTensor) =>
        await (await Checkpoint.open(stored(packed), IN_FOUR_BITS)).readQuantized(LINEAR);
      const bytes = await read({ dtype: 'U8', shape: [12, 1], bytes: codes });
      expect([...(bytes.parts['packed']?.data ?? [])]).toEqual([...codes]);
      expect(await read({ dtype, shape: [12 / width, 1], bytes: codes })).toEqual(bytes);
    },
  );

  test('are refused with a scale that is not finite', async () => {
    const { tensors } = readSafetensors(folder(LINEAR)['model.safetensors']);
    const scale = toStored(hostTensorFrom('f32', [1], [Number.NaN]));
    const file = writeStored([...tensors, [`${LINEAR}.absmax`, scale]], {});
    const checkpoint = await Checkpoint.open(folderOf({ 'model.safetensors': file }), IN_FOUR_BITS);
    await expect(checkpoint.readQuantized(LINEAR)).rejects.toThrow(`${LINEAR}.absmax" in`);
  });

  test('are refused in another shape, and where no configuration says what they are', async () => {
    const checkpoint = await Checkpoint.open(folderOf(folder(LINEAR, [4, 6])), IN_FOUR_BITS);
    await expect(checkpoint.readQuantized(LINEAR)).rejects.toThrow(
      `"${LINEAR}" is 4x6 in 4 bits and should be 6x4 by the configuration`,
    );
    expect((await faultsOf(folder(LINEAR)))[0]?.[1]).toContain('and should be 6x4');
  });
});

describe('weights in 8 bits of bitsandbytes and in codes of MLX', () => {
  const DOWN = 'model.layers.0.mlp.down_proj';
  /** A model whose rows are whole groups of MLX. */
  const SIZES: ModelConfig = { ...TINY, hidden: 32, heads: 4, headDim: 8, intermediate: 64 };
  const IN_EIGHT_BITS: ModelConfig = { ...SIZES, quantization: 'bitsandbytes' };
  const OF_MLX: ModelConfig = {
    ...SIZES,
    quantization: 'mlx',
    mlx: {
      usual: { mode: 'affine', bits: 4, groupSize: 32 },
      layers: { 'model.embed_tokens': { mode: 'affine', bits: 8, groupSize: 32 } },
    },
  };
  const zeros = (dtype: HostTensor['dtype'], shape: readonly number[]) =>
    hostTensorFrom(dtype, shape, new Float64Array(sizeOf(shape)));
  const folder = (layer: string, parts: Tensors) => {
    const { [`${layer}.weight`]: _, ...floats } = tinyTensors(SIZES);
    return { 'model.safetensors': writeSafetensors({ ...floats, ...parts }) };
  };
  const int8 = (more: Tensors = {}) => ({
    [`${DOWN}.weight`]: hostTensorFrom(
      'i8',
      [32, 64],
      Array.from({ length: 2048 }, (_, i) => i % 9),
    ),
    [`${DOWN}.SCB`]: zeros('f32', [32]),
    [`${DOWN}.weight_format`]: zeros('u8', [1]),
    ...more,
  });
  const mlx = (layer: string, [rows, words, groups]: readonly [number, number, number]) => ({
    [`${layer}.weight`]: hostTensorFrom(
      'u32',
      [rows, words],
      new Float64Array(rows * words).fill(2 ** 32 - 2),
    ),
    [`${layer}.scales`]: hostTensorFrom(
      'f16',
      [rows, groups],
      new Float64Array(rows * groups).fill(0.5),
    ),
    [`${layer}.biases`]: zeros('f16', [rows, groups]),
  });

  test('are read as they lie, by the parts of their methods', async () => {
    const eight = await Checkpoint.open(folderOf(folder(DOWN, int8())), IN_EIGHT_BITS);
    expect(eight.names.filter((name) => eight.isQuantized(name))).toEqual([`${DOWN}.weight`]);
    const read = await eight.readCoded(`${DOWN}.weight`);
    expect(read).toMatchObject({ scheme: { method: 'llm_int8', bits: 8 }, shape: [32, 64] });
    expect(read?.parts['q']).toEqual(int8()[`${DOWN}.weight`]);
    expect(read?.parts['row_stats']?.shape).toEqual([32]);
    expect(await eight.readCoded('lm_head.weight')).toBeUndefined();
    expect(eight.codes.get(`${DOWN}.weight`)).toEqual({ method: 'llm_int8', bits: 8 });
    const told = { ...IN_EIGHT_BITS, int8Threshold: 0 };
    const { codes: withThreshold } = await Checkpoint.open(folderOf(folder(DOWN, int8())), told);
    expect(withThreshold.get(`${DOWN}.weight`)).toEqual({
      ...{ method: 'llm_int8', bits: 8, threshold: 0 },
    });

    const table = 'model.embed_tokens';
    const four = await Checkpoint.open(folderOf(folder(DOWN, mlx(DOWN, [32, 8, 2]))), OF_MLX);
    const codes = await four.readCoded(`${DOWN}.weight`);
    expect(codes?.scheme).toEqual({ method: 'mlx', bits: 4, groupSize: 32 });
    expect(codes?.parts['packed']).toMatchObject({ dtype: 'i32', shape: [32, 8] });
    expect(codes?.parts['packed']?.data[0]).toBe(-2);
    expect(codes?.parts['scales']).toMatchObject({ dtype: 'f32', shape: [32, 2] });
    expect(codes?.parts['scales']?.data[0]).toBe(0.5);
    const own = await Checkpoint.open(folderOf(folder(table, mlx(table, [5, 8, 1]))), OF_MLX);
    expect((await own.readCoded(`${table}.weight`))?.scheme).toMatchObject({ bits: 8 });
  });

  test.each<[string, Tensors, ModelConfig, string]>([
    [
      'scales of another number',
      int8({ [`${DOWN}.SCB`]: zeros('f32', [31]) }),
      IN_EIGHT_BITS,
      'down_proj.SCB" is 31 and should be 32',
    ],
    [
      'floats where codes should be',
      int8({ [`${DOWN}.weight`]: zeros('f32', [32, 64]) }),
      IN_EIGHT_BITS,
      'is F32 and should be I8',
    ],
    [
      'another order',
      int8({ [`${DOWN}.weight_format`]: hostTensorFrom('u8', [1], [2]) }),
      IN_EIGHT_BITS,
      'is not 0',
    ],
    ['words of another width', mlx(DOWN, [32, 7, 2]), OF_MLX, 'is 32x7 and should be 32x8'],
    ['scales of another group', mlx(DOWN, [32, 8, 1]), OF_MLX, 'is 32x1 and should be 32x2'],
    [
      'scales alone',
      { [`${DOWN}.scales`]: zeros('f32', [32, 2]) },
      OF_MLX,
      'down_proj.weight" is missing',
    ],
    [
      'codes of a norm',
      { ...mlx(DOWN, [32, 8, 2]), 'model.norm.scales': zeros('f32', [1]) },
      OF_MLX,
      'linears and tables alone',
    ],
    [
      'codes of what is no layer',
      { ...mlx(DOWN, [32, 8, 2]), 'other.scales': zeros('f32', [1]) },
      OF_MLX,
      '"other.scales" in "model.safetensors" is no part',
    ],
  ])('are refused with %s', async (_, parts, config, says) => {
    const open = async () => {
      const checkpoint = await Checkpoint.open(folderOf(folder(DOWN, parts)), config);
      await checkpoint.readCoded(`${DOWN}.weight`);
    };
    await expect(open()).rejects.toThrow(says);
  });
});
