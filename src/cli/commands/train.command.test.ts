import { afterEach, expect, test, vi } from 'vitest';
import { command } from './train.command.ts';

test('the help names every kind of model that is trained', () => {
  const says = command.options.find(({ name }) => name === 'model')?.description ?? '';
  for (const kind of ['Llama', 'Qwen', 'Mistral', '.gguf', 'https']) expect(says).toContain(kind);
});

/** Runs the command with these options, in an environment that names a backend. */
const trainedBy = async (inEnvironment: string, given: Readonly<Record<string, string>>) => {
  vi.stubEnv('GRADPROOF_BACKEND', inEnvironment);
  const textsOf = (name: string) => (given[name] === undefined ? [] : [given[name]]);
  return await command.read(textsOf, [])();
};
afterEach(() => void vi.unstubAllEnvs());

test('a backend that the environment names is never replaced by another', async () => {
  await expect(trainedBy('ort-wasm', {})).rejects.toThrow(
    'GRADPROOF_BACKEND ort-wasm: must be webgpu or reference',
  );
  const reference = 'the reference trains a model of --model alone: give a folder';
  await expect(trainedBy('reference', {})).rejects.toThrow(reference);
  await expect(trainedBy('webgpu', { backend: 'reference' })).rejects.toThrow(reference);
  await expect(trainedBy('reference', { resume: 'a-run' })).rejects.toThrow(
    '--resume: the reference keeps no run: resume it on webgpu',
  );
});

test('an option comes before what the environment names', async () => {
  await expect(trainedBy('ort-wasm', { backend: 'webgpu', resume: 'no-such-run' })).rejects.toThrow(
    'no-such-run',
  );
});
