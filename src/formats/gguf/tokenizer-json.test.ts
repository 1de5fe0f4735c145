import { expect, test } from 'vitest';
import { folderOf } from '../hugging-face/fixtures/tiny-folder.ts';
import { recordedOf, TOKENIZERS, tokenizerFolder } from '../hugging-face/fixtures/tokenizers.ts';
import { tokenizerFiles } from '../hugging-face/tokenizer/files.ts';
import { openTokenizer, type TextCodec } from '../hugging-face/tokenizer.ts';
import { mergesOfScores } from './merges.ts';
import type { GgufValue } from './metadata.ts';
import { tokenizerFields } from './tokenizer-fields.ts';
import { tokenizerJson } from './tokenizer-json.ts';

const SIZE = 600;
const WHOLE = 'tokenizer.huggingface.json';
type Changes = Readonly<Record<string, GgufValue | undefined>>;

/** The keys of a tokenizer as a file has them. */
async function keysOf(name: string, changed: Changes = {}): Promise<Map<string, GgufValue>> {
  const files = await tokenizerFiles(tokenizerFolder(name));
  const keys = new Map<string, GgufValue>(
    [...tokenizerFields(files, SIZE)].map(([key, { value }]) => [key, value]),
  );
  for (const [key, value] of Object.entries(changed))
    if (value === undefined) keys.delete(key);
    else keys.set(key, value);
  return keys;
}

async function readAgain(name: string, changed?: Changes): Promise<TextCodec> {
  const { pipeline, settings } = tokenizerJson(await keysOf(name, changed));
  return await openTokenizer(
    folderOf({
      'tokenizer.json': JSON.stringify(pipeline),
      'tokenizer_config.json': JSON.stringify(settings),
    }),
  );
}

/** Holds ids and texts against those of the Python library, but for texts that `skips` names. */
function expectRecorded(own: TextCodec, name: string, skips: RegExp | undefined = undefined): void {
  const texts = recordedOf(name).texts.filter(({ text }) => !skips?.test(text));
  expect(texts.length).toBeGreaterThan(20);
  for (const { text, ids, plain, decoded, shown } of texts) {
    expect(own.encode(text), text).toEqual(ids);
    expect(own.encode(text, { specials: false }), text).toEqual(plain);
    expect(own.decode(ids), text).toBe(decoded);
    expect(own.decode(ids, { specials: false }), text).toBe(shown);
  }
}

test.each(TOKENIZERS)('%s has the ids and texts of the Python library again', async (name) => {
  expectRecorded(await readAgain(name), name);
});

/** Texts that keys alone do not tell how to split, with added tokens that take spaces or lack them. */
const UNTOLD = {
  llama2_legacy: /<extra>/,
  llama3: undefined,
  qwen2: /<left>|<right>|café/,
  smollm: undefined,
  tekken: undefined,
};

test.each(Object.entries(UNTOLD))(
  '%s has them by the keys of llama.cpp alone too',
  async (name, untold) => {
    expectRecorded(await readAgain(name, { [WHOLE]: undefined }), name, untold);
  },
);

test('named tokens, the template and what is put around a text are told', async () => {
  const codec = await readAgain('llama3', {
    [WHOLE]: undefined,
    'tokenizer.chat_template': '{{ messages }}',
  });
  const { names } = recordedOf('llama3');
  expect(codec).toMatchObject({
    ...{ bos: names.bos, eos: names.eos, pad: names.pad, chatTemplate: '{{ messages }}' },
  });
  const plain = await readAgain('llama3', { 'tokenizer.ggml.add_bos_token': false });
  expect(plain.encode('a')).toEqual(plain.encode('a', { specials: false }));
  // Without a word llama.cpp begins a text of these.
  const usual = await readAgain('llama3', { 'tokenizer.ggml.add_bos_token': undefined });
  expect(usual.encode('a')[0]).toBe(names.bos);
});

test.each<[Changes, string]>([
  [{ 'tokenizer.ggml.model': 'bert' }, 'tokenizer.ggml.model is "bert": known are gpt2 and llama'],
  [{ 'tokenizer.ggml.model': undefined }, 'tokenizer.ggml.model is missing'],
  [{ 'tokenizer.ggml.tokens': undefined }, 'tokenizer.ggml.tokens is missing'],
  [
    { 'tokenizer.ggml.tokens': [1, 2] },
    'tokenizer.ggml.tokens is a list of 2: it must be a list of texts',
  ],
  [{ [WHOLE]: undefined, 'tokenizer.ggml.merges': undefined }, 'tokenizer.ggml.merges is missing'],
  [
    { [WHOLE]: undefined, 'tokenizer.ggml.pre': 'gpt-4o' },
    'tokenizer.ggml.pre is "gpt-4o": known are',
  ],
  [{ [WHOLE]: undefined, 'tokenizer.ggml.pre': undefined }, 'tokenizer.ggml.pre is "default"'],
  [{ [WHOLE]: '[]' }, 'tokenizer.huggingface.json is not a JSON object'],
])('%j is refused in one line', async (changed, says) => {
  const keys = await keysOf('llama3', changed);
  expect(() => tokenizerJson(keys)).toThrow(says);
});

test('merges follow from scores: every way to make a token, the best first', () => {
  const tokens = ['a', 'b', 'c', 'ab', 'bc', 'abc', '<0x41>'];
  const scores = [0, 0, 0, -2, -1, -3, 0];
  expect(mergesOfScores(tokens, scores, (id) => id < 6)).toEqual([
    ['b', 'c'],
    ['a', 'b'],
    ['ab', 'c'],
    ['a', 'bc'],
  ]);
});
