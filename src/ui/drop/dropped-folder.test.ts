import { expect, test } from 'vitest';
import { adapterIn, modelFolderIn } from './dropped-folder.ts';

const dropped = (...paths: readonly string[]) =>
  paths.map((path) => ({
    path,
    file: new File([], path.split('/').at(-1) ?? ''),
    direct: !path.includes('/'),
  }));

test('the folder of a model is what lies beside its config.json, whatever folders it is in', () => {
  const found = modelFolderIn(
    dropped(
      'models/README.md',
      'models/tiny/config.json',
      'models/tiny/onnx/config.json',
      'models/tiny/model.safetensors',
    ),
  );
  expect(found?.name).toBe('tiny');
  expect(found?.files.map(({ name }) => name)).toEqual(['config.json', 'model.safetensors']);
});

test('files that were dropped without their folder are one too, a config.json alone is none', () => {
  expect(modelFolderIn(dropped('config.json', 'tokenizer.json'))).toMatchObject({ name: '' });
  expect(modelFolderIn(dropped('config.json'))).toBeUndefined();
  expect(modelFolderIn(dropped('tokenizer_config.json', 'a.safetensors'))).toBeUndefined();
});

test('a .gguf file is a model by itself, but not beside a config.json', () => {
  const alone = modelFolderIn(dropped('models/tiny-q8_0.GGUF', 'models/README.md'));
  expect(alone?.name).toBe('tiny-q8_0.GGUF');
  expect(alone?.files.map(({ name }) => name)).toEqual(['tiny-q8_0.GGUF']);
  const beside = modelFolderIn(dropped('models/config.json', 'models/tiny.gguf'));
  expect(beside?.files.map(({ name }) => name)).toEqual(['config.json', 'tiny.gguf']);
});

test('an adapter is what lies beside its adapter_config.json, which alone is none', () => {
  const found = adapterIn(
    dropped('out/notes/a.md', 'out/adapter_config.json', 'out/adapter_model.safetensors'),
  );
  expect(found?.map(({ name }) => name)).toEqual([
    'adapter_config.json',
    'adapter_model.safetensors',
  ]);
  expect(adapterIn(dropped('adapter_config.json'))).toBeUndefined();
  expect(adapterIn(dropped('config.json', 'adapter_model.safetensors'))).toBeUndefined();
});
