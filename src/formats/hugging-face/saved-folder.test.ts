import { expect, test } from 'vitest';
import type { StoredShape } from '../safetensors/layout.ts';
import { folderOf } from './fixtures/tiny-folder.ts';
import { copyModelFiles, savedConfig, savedIndex, savedShards } from './saved-folder.ts';

const tensors = (...sizes: number[]): ReadonlyMap<string, StoredShape> =>
  new Map(sizes.map((size, i) => [`t${i}`, { dtype: 'F16', shape: [size] }]));

test('tensors fill files in their order up to the limit, and a larger one has a file alone', () => {
  expect(savedShards(tensors(1, 2, 3)).map(({ name }) => name)).toEqual(['model.safetensors']);
  const shards = savedShards(tensors(2, 3, 1, 9, 1), 10);
  expect(shards.map(({ name, tensors: of }) => [name, ...of.keys()])).toEqual([
    ['model-00001-of-00004.safetensors', 't0', 't1'],
    ['model-00002-of-00004.safetensors', 't2'],
    ['model-00003-of-00004.safetensors', 't3'],
    ['model-00004-of-00004.safetensors', 't4'],
  ]);
  expect(JSON.parse(savedIndex(shards) as string)).toEqual({
    metadata: { total_size: 32 },
    weight_map: {
      t0: 'model-00001-of-00004.safetensors',
      t1: 'model-00001-of-00004.safetensors',
      t2: 'model-00002-of-00004.safetensors',
      t3: 'model-00003-of-00004.safetensors',
      t4: 'model-00004-of-00004.safetensors',
    },
  });
  expect(savedIndex(savedShards(tensors(1)))).toBeUndefined();
});

test('a configuration says of no codes any more, and the type by the name that it had', () => {
  const quantized = { a: 1, quantization_config: {}, quantization: {}, torch_dtype: 'float16' };
  expect(JSON.parse(savedConfig(JSON.stringify(quantized), 'bfloat16'))).toEqual({
    a: 1,
    torch_dtype: 'bfloat16',
  });
  expect(JSON.parse(savedConfig('{"dtype":"float16"}', 'float32'))).toEqual({ dtype: 'float32' });
  expect(JSON.parse(savedConfig('{}', 'float32'))).toEqual({ dtype: 'float32' });
});

test('tokenizer and template are copied as they are, and nothing else is', async () => {
  const files = {
    'config.json': '{"dtype":"float16"}',
    'tokenizer.json': '{ "odd" : "spacing" }',
    'chat_template.jinja': '{{ messages }}',
    'generation_config.json': '{}',
    'merges.txt': '',
    'model.safetensors': 'weights',
    'README.md': 'of another model',
  };
  const written: Record<string, string> = {};
  await copyModelFiles(
    folderOf(files),
    {
      create: async (name) => ({
        write: async (bytes) => {
          written[name] = (written[name] ?? '') + new TextDecoder().decode(bytes);
        },
      }),
    },
    'float32',
  );
  expect(Object.keys(written)).toEqual([
    'config.json',
    'generation_config.json',
    'tokenizer.json',
    'chat_template.jinja',
  ]);
  expect(written['tokenizer.json']).toBe('{ "odd" : "spacing" }');
  expect(JSON.parse(written['config.json'] as string)).toEqual({ dtype: 'float32' });
});
