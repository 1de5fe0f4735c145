import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { requestOf } from './read-request.ts';

const TOKENIZER = 'src/formats/hugging-face/fixtures/tokenizers/qwen2';

test('a folder that is not there is told by its option', async () => {
  const reading = requestOf('/nowhere/at/all', {}, () => {});
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
      await requestOf(folder, options, () => {}).catch(({ lines }) => lines);
    expect(await faultsOf({ data: '/gone.txt' })).toContain(`--data /gone.txt: ${gone}`);
    expect(await faultsOf({ config: '/gone.json' })).toContain(`--config /gone.json: ${gone}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('how data were read is told in a line, and JSON that is none is refused with its line', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradproof-'));
  try {
    const read = async (name: string, text: string) => {
      const data = join(folder, name);
      writeFileSync(data, text);
      const said: string[] = [];
      const reading = requestOf('public/model', { data, steps: 1 }, (line) => said.push(line));
      const faults = await reading.then(
        () => [],
        ({ lines }) => lines,
      );
      return [...said, ...faults].map((line) => line.replaceAll(data, name));
    };
    const record = '{"text": "Once there was an owl that sang."}\n';
    expect(await read('two.jsonl', record.repeat(2))).toEqual([
      'two.jsonl: 2 records of the format text',
    ]);
    const cut =
      '{"instruction": "Sing.", "output": "La."}\n{"instruction": "Sing", "output": "Lu"}';
    expect(await read('two.txt', cut)).toEqual(['two.txt: 2 records of the format alpaca']);
    expect(await read('plain.txt', 'Once there was an owl that sang. '.repeat(200))).toEqual([
      expect.stringMatching(/^plain\.txt: 1 record of the format plain, in \d\d? pieces$/),
    ]);
    expect(await read('py.jsonl', "{'text': 'the owl sings'}\n")).toEqual([
      expect.stringMatching(
        /^--data py\.jsonl: the data file is no JSON, which its name "py.jsonl" says: line 1: "{'text': /,
      ),
    ]);
    const said: string[] = [];
    await requestOf('public/model', { steps: 1 }, (line) => said.push(line));
    expect(said).toEqual(['tales of the project: 300 records of the format text']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a folder for output that is that of the adapter is refused, unless the run was begun so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradproof-'));
  try {
    const adapter = { adapter: folder, out: `${folder}/` };
    const faultsOf = async (options: Parameters<typeof requestOf>[1]) =>
      await requestOf('/nowhere', options, () => {}).catch(({ lines }) => lines);
    const fault = `--out ${folder}/: would overwrite the adapter that the run begins with: give another`;
    expect(await faultsOf(adapter)).toContain(fault);
    expect(await faultsOf({ ...adapter, resume: folder })).not.toContain(fault);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
