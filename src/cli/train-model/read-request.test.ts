import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { requestOf } from './read-request.ts';

const TOKENIZER = 'src/formats/hugging-face/fixtures/tokenizers/qwen2';

test('a folder that is not there is told by its option', async () => {
  const reading = requestOf('/nowhere/at/all', {});
  await expect(reading).rejects.toThrow(
    /^--model \/nowhere\/at\/all: there is no such folder: check the path; give [^\n]*$/,
  );
});

test('files that are not there are told by their options once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradproof-'));
  try {
    cpSync(TOKENIZER, folder, { recursive: true });
    const gone = 'cannot be read: no such file or folder';
    const faultsOf = async (options: Parameters<typeof requestOf>[1]) =>
      await requestOf(folder, options).catch(({ lines }) => lines);
    expect(await faultsOf({ data: '/gone.txt' })).toContain(`--data /gone.txt: ${gone}`);
    expect(await faultsOf({ config: '/gone.json' })).toContain(`--config /gone.json: ${gone}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a folder for output that is that of the adapter is refused, unless the run was begun so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradproof-'));
  try {
    const adapter = { adapter: folder, out: `${folder}/` };
    const faultsOf = async (options: Parameters<typeof requestOf>[1]) =>
      await requestOf('/nowhere', options).catch(({ lines }) => lines);
    const fault = `--out ${folder}/: would overwrite the adapter that the run begins with: give another`;
    expect(await faultsOf(adapter)).toContain(fault);
    expect(await faultsOf({ ...adapter, resume: folder })).not.toContain(fault);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
