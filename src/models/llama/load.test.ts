import { expect, test } from 'vitest';
import {
  folderOf,
  shardedFolder,
  TINY,
  tinyTensors,
} from '../../formats/hugging-face/fixtures/tiny-folder.ts';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { valuesOf } from '../../tensor/host.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { loadLlama } from './load.ts';

const CONFIG = JSON.stringify({
  ...{ model_type: 'llama', hidden_size: 4, num_hidden_layers: 1, num_attention_heads: 2 },
  ...{ num_key_value_heads: 1, intermediate_size: 6, vocab_size: 5, max_position_embeddings: 8 },
});
const TENSORS = tinyTensors(TINY);
const NAMES = Object.keys(TENSORS);
const shardOf = (names: readonly string[]) =>
  Object.fromEntries(Object.entries(TENSORS).filter(([name]) => names.includes(name)));
const FILES = shardedFolder({
  'a.safetensors': shardOf(NAMES.slice(0, 5)),
  'b.safetensors': shardOf(NAMES.slice(5)),
});

test('every weight of a folder is on the device in float32, frozen', async () => {
  const { gpu } = await hostGpu();
  {
    using model = await loadLlama(gpu, folderOf({ ...FILES, 'config.json': CONFIG }), {
      length: 3,
    });
    expect([...model.names].sort()).toEqual([...NAMES].sort());
    expect(model.parameters.names).toEqual([]);
    for (const [name, tensor] of Object.entries(TENSORS)) {
      const held = await (model.view(name) as Tensor).read();
      expect([held.dtype, held.shape, [...held.data]]).toEqual([
        'f32',
        tensor.shape,
        [...valuesOf(tensor)],
      ]);
    }
  }
  expect(gpu.memory.ledger.liveBytes).toBe(0);
});

test('those that are to be trained are parameters', async () => {
  const { gpu } = await hostGpu();
  const trains = (name: string) => name.includes('norm');
  const folder = folderOf({ ...FILES, 'config.json': CONFIG });
  using model = await loadLlama(gpu, folder, { length: 3, trains });
  expect([...model.parameters.names].sort()).toEqual(NAMES.filter(trains).sort());
});

test('nothing is left of a folder that is no model, or does not fit in memory', async () => {
  const { gpu } = await hostGpu();
  const { 'b.safetensors': _, ...without } = FILES;
  const refusals = [
    [FILES, 'the folder has no config.json: give the config.json of a model'],
    [{ ...FILES, 'config.json': '{' }, 'the configuration is not JSON'],
    [{ ...FILES, 'config.json': ' '.repeat(2 ** 20 + 1) }, 'config.json has 1048577 bytes'],
    [{ ...without, 'config.json': CONFIG }, 'the shard "b.safetensors" is missing'],
  ] as const;
  for (const [files, says] of refusals)
    await expect(loadLlama(gpu, folderOf(files), { length: 3 })).rejects.toThrow(says);
  gpu.memory.budgetBytes = 300;
  const whole = folderOf({ ...FILES, 'config.json': CONFIG });
  await expect(loadLlama(gpu, whole, { length: 3 })).rejects.toThrow('300');
  expect(gpu.memory.ledger.liveBytes).toBe(0);
});
