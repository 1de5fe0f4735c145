import { expect, test } from 'vitest';
import { TOKENIZERS, tokenizerFolder } from '../hugging-face/fixtures/tokenizers.ts';
import { type TokenizerFiles, tokenizerFiles } from '../hugging-face/tokenizer/files.ts';
import { tokenizerFields } from './tokenizer-fields.ts';

const SIZE = 2000;
const filesOf = async (name: string) => await tokenizerFiles(tokenizerFolder(name));
const valuesOf = (files: TokenizerFiles, size = SIZE) =>
  Object.fromEntries([...tokenizerFields(files, size)].map(([key, { value }]) => [key, value]));
const ggml = (values: Readonly<Record<string, unknown>>, key: string) =>
  values[`tokenizer.ggml.${key}`];

test('every tokenizer of these families is told by its kind and its way to split', async () => {
  const told = await Promise.all(
    TOKENIZERS.map(async (name) => {
      const values = valuesOf(await filesOf(name));
      return [name, [ggml(values, 'model'), ggml(values, 'pre')]];
    }),
  );
  expect(Object.fromEntries(told)).toEqual({
    llama2: ['llama', undefined],
    llama2_legacy: ['llama', undefined],
    llama3: ['gpt2', 'llama-bpe'],
    qwen2: ['gpt2', 'qwen2'],
    smollm: ['gpt2', 'smollm'],
    tekken: ['gpt2', 'tekken'],
  });
});

test('every id has its token, with its kind; rows without one are padded', async () => {
  for (const name of TOKENIZERS) {
    const files = await filesOf(name);
    const values = valuesOf(files);
    const tokens = ggml(values, 'tokens') as readonly string[];
    const kinds = ggml(values, 'token_type') as readonly number[];
    const { vocab } = files.pipeline['model'] as { vocab: Record<string, number> };
    const { added_tokens: added } = files.pipeline as {
      added_tokens: { id: number; content: string; special: boolean }[];
    };
    const isSentencePiece = ggml(values, 'scores') !== undefined;
    const specials = new Set(added.map(({ id }) => id));
    expect([tokens.length, kinds.length], name).toEqual([SIZE, SIZE]);
    for (const [token, id] of Object.entries(vocab)) {
      expect(tokens[id], name).toBe(token);
      if (!specials.has(id)) expect(kinds[id], token).toBe(/^<0x..>$/.test(token) ? 6 : 1);
    }
    for (const { id, content, special } of added) {
      expect(tokens[id], name).toBe(content);
      if (special) expect(kinds[id], content).toBe(content === '<unk>' && isSentencePiece ? 2 : 3);
    }
    expect([tokens.at(-1), kinds.at(-1)]).toEqual([`[PAD${SIZE - 1}]`, 5]);
  }
});

test("merges of byte-level tokenizers are there; scores of SentencePiece's are their order", async () => {
  const llama3 = await filesOf('llama3');
  const { merges } = llama3.pipeline['model'] as { merges: readonly (string | string[])[] };
  expect(ggml(valuesOf(llama3), 'merges')).toEqual(
    merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' '))),
  );
  const llama2 = await filesOf('llama2');
  const values = valuesOf(llama2);
  const model = llama2.pipeline['model'] as {
    vocab: Record<string, number>;
    merges: readonly (string | string[])[];
  };
  const scores = ggml(values, 'scores') as readonly number[];
  const joined = model.merges.map((merge) =>
    typeof merge === 'string' ? merge.replace(' ', '') : merge.join(''),
  );
  const first = joined[0] as string;
  expect(scores[model.vocab[first] as number]).toBe(0);
  const last = joined.at(-1) as string;
  expect(scores[model.vocab[last] as number]).toBe(-joined.indexOf(last));
  expect(ggml(values, 'merges')).toBeUndefined();
  expect(ggml(values, 'add_space_prefix')).toBe(true);
});

test('named tokens, what is put around a text, and the template are told', async () => {
  const llama3 = await filesOf('llama3');
  const values = valuesOf({ ...llama3, chatTemplate: '{{ messages }}' });
  const tokens = ggml(values, 'tokens') as readonly string[];
  expect(tokens[ggml(values, 'bos_token_id') as number]).toBe(llama3.settings['bos_token']);
  expect(tokens[ggml(values, 'eos_token_id') as number]).toBe(llama3.settings['eos_token']);
  expect(ggml(values, 'add_bos_token')).toBe(true);
  expect(ggml(values, 'add_eos_token')).toBe(false);
  expect(values['tokenizer.chat_template']).toBe('{{ messages }}');
  const plain = valuesOf({ ...(await filesOf('qwen2')), chatTemplate: undefined });
  expect(ggml(plain, 'add_bos_token')).toBe(false);
  expect(plain).not.toHaveProperty(['tokenizer.chat_template']);
});

test('what GGUF cannot say of a tokenizer is refused by name', async () => {
  const llama3 = await filesOf('llama3');
  const qwen2 = await filesOf('qwen2');
  const withPart = (part: object) => ({ ...llama3, pipeline: { ...llama3.pipeline, ...part } });
  const split = { type: 'Split', pattern: { Regex: 'a|b' }, behavior: 'Isolated', invert: false };
  expect(() => valuesOf(withPart({ pre_tokenizer: split }))).toThrow('splits a text by "a|b"');
  expect(() => valuesOf(withPart({ normalizer: { type: 'NFC' } }))).toThrow('NFC');
  const model = { ...(qwen2.pipeline['model'] as object), ignore_merges: true };
  expect(() => valuesOf({ ...qwen2, pipeline: { ...qwen2.pipeline, model } })).toThrow(
    'without merges',
  );
  const settings = { ...llama3.settings, bos_token: llama3.settings['eos_token'] };
  expect(() => valuesOf({ ...llama3, settings })).toThrow('puts something else around a text');
  expect(() => valuesOf(llama3, 100)).toThrow(/a tokenizer of \d+ tokens for a model of 100/);
});
