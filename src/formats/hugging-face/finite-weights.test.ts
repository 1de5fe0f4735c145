import { describe, expect, test } from 'vitest';
import { GGUF_TYPE_NAMES, GGUF_TYPES } from '../../quant/gguf/types.ts';
import { hostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { toStored, writeSafetensors } from '../safetensors/write.ts';
import { Checkpoint } from './checkpoint.ts';
import { requireFiniteBlocks } from './finite-weights.ts';
import { folderOf, TINY, tinyTensors } from './fixtures/tiny-folder.ts';

const TABLE = 'model.embed_tokens.weight';

describe('a weight that is not finite', () => {
  const opened = async () => {
    const data = Array.from({ length: 20 }, (_, i) => (i === 14 ? Number.NaN : i));
    const table = hostTensorFrom('f16', [5, 4], data);
    const files = { 'model.safetensors': writeSafetensors({ ...tinyTensors(), [TABLE]: table }) };
    return await Checkpoint.open(folderOf(files), TINY);
  };
  const says = `"${TABLE}" in "model.safetensors" is NaN at [3, 2]`;

  test('is named with its place and file when it is read', async () => {
    const checkpoint = await opened();
    await expect(checkpoint.read(TABLE)).rejects.toMatchObject({
      code: 'bad-checkpoint',
      faults: [{ code: 'not-finite', message: expect.stringContaining(says) }],
    });
  });

  test('has the same place where rows are read alone', async () => {
    const checkpoint = await opened();
    await expect(checkpoint.readRows(TABLE, 3, 2)).rejects.toThrow(says);
    expect((await checkpoint.readRows(TABLE, 0, 3)).shape).toEqual([3, 4]);
  });
});

describe('the scales of 8 bits', () => {
  test('are named by the part that holds them', async () => {
    const config = { ...TINY, quantization: 'bitsandbytes' };
    const linear = 'model.layers.0.mlp.down_proj';
    const whole = tinyTensors(config);
    const shape = whole[`${linear}.weight`]?.shape ?? [];
    const codes = hostTensor('i8', shape, new Int8Array(sizeOf(shape)));
    const scales = hostTensorFrom('f32', [4], [1, 1, Number.POSITIVE_INFINITY, 1]);
    const tensors = { ...whole, [`${linear}.weight`]: codes, [`${linear}.SCB`]: scales };
    const files = { 'model.safetensors': writeSafetensors(tensors) };
    const checkpoint = await Checkpoint.open(folderOf(files), config);
    await expect(checkpoint.readCoded(`${linear}.weight`)).rejects.toThrow(
      `"${linear}.SCB" in "model.safetensors" is Infinity at [2]`,
    );
  });
});

describe('the scales of blocks', () => {
  test.each(GGUF_TYPE_NAMES)('of %s are looked at, and nothing else', (type) => {
    const { bytes: width, elements, scales } = GGUF_TYPES[type];
    const origin = { name: TABLE, shard: 'model.safetensors' };
    const blocks = (bytes: Uint8Array) => toStored(hostTensor('u8', [2, 2 * width], bytes));
    const codes = new Uint8Array(4 * width).fill(255);
    for (let block = 0; block < 4; block++)
      for (const scale of scales) codes.fill(0, block * width + scale, block * width + scale + 2);
    expect(() => requireFiniteBlocks(blocks(codes), type, origin)).not.toThrow();
    for (const scale of scales) {
      const damaged = codes.slice();
      damaged.set([0x00, 0xfc], 3 * width + scale);
      expect(() => requireFiniteBlocks(blocks(damaged), type, origin)).toThrow(
        `has a block at [1, ${elements}] whose scale is NaN or infinite`,
      );
    }
  });
});
