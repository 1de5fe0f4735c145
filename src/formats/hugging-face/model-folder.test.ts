import { expect, test } from 'vitest';
import { writeSafetensors } from '../safetensors/write.ts';
import { ConfigError } from './config-error.ts';
import { folderOf, tinyTensors } from './fixtures/tiny-folder.ts';
import { modelConfigIn } from './model-folder.ts';

/** What is wrong with a folder that has no config.json. */
async function told(files: Parameters<typeof folderOf>[0]): Promise<readonly string[]> {
  const error = await modelConfigIn(folderOf(files)).catch((thrown: unknown) => thrown);
  if (!(error instanceof ConfigError)) throw error;
  return error.faults.map(({ code, path, message }) => `${code} ${path}: ${message}`);
}

const NO_CONFIG = 'missing config.json: the folder has no config.json';
const PICKLE = Uint8Array.of(0x80, 4, 0x95, 1);
const WEIGHTS = writeSafetensors(tinyTensors());

test('a folder without config.json is told with what its files are by their content', async () => {
  const onnx = Uint8Array.of(8, 10, 0x12, 7);
  const numpy = new TextEncoder().encode(`${'PK\x03\x04'.padEnd(26, '\0')}\x05\0\0\0a.npy`);
  expect(
    await told({ 'a.pt': PICKLE, 'b.bin': onnx, 'c.npz': numpy, 'notes.txt': PICKLE }),
  ).toEqual([
    NO_CONFIG,
    'not-supported a.pt: "a.pt" is a Python pickle (.pt, .pth, .bin, .pkl), which is a program',
    'not-supported b.bin: "b.bin" is an ONNX model (.onnx)',
    'not-supported c.npz: "c.npz" is an archive of NumPy arrays (.npz)',
  ]);
  const error = await modelConfigIn(folderOf({ 'a.pt': PICKLE })).catch(String);
  expect(error).toMatch(/config\.json of a model.*a program: it is not opened; save the model as/);
});

test('nothing is said of files beside weights that are read, or of no known format', async () => {
  expect(await told({ 'a.pt': PICKLE, 'model.safetensors': WEIGHTS })).toEqual([NO_CONFIG]);
  expect(await told({ 'a.pt': PICKLE, 'b.bin': WEIGHTS })).toEqual([NO_CONFIG]);
  expect(await told({ 'model.safetensors.index.json': '{}', 'a.pt': PICKLE })).toEqual([NO_CONFIG]);
  expect(await told({ 'picture.png': Uint8Array.of(1, 2, 3) })).toEqual([NO_CONFIG]);
});
