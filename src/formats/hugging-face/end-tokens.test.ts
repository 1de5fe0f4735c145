import { expect, test } from 'vitest';
import { endTokens } from './end-tokens.ts';
import { folderOf } from './fixtures/tiny-folder.ts';

const ends = (files: Readonly<Record<string, object | string>>, eos?: number) =>
  endTokens(
    folderOf(
      Object.fromEntries(
        Object.entries(files).map(([name, file]) => [
          name,
          typeof file === 'string' ? file : JSON.stringify(file),
        ]),
      ),
    ),
    { eos },
  );

test('an answer ends at the tokens of generation_config, config and tokenizer together', async () => {
  expect(
    await ends(
      {
        'generation_config.json': { eos_token_id: [128_001, 128_008, 128_009] },
        'config.json': { eos_token_id: 128_001 },
      },
      7,
    ),
  ).toEqual([128_001, 128_008, 128_009, 7]);
  expect(await ends({ 'config.json': { eos_token_id: [2, 32] } }, 2)).toEqual([2, 32]);
  expect(await ends({ 'generation_config.json': { eos_token_id: 0 } })).toEqual([0]);
});

test('without any named there is the tokenizer’s alone, or none', async () => {
  expect(await ends({ 'config.json': { eos_token_id: null } }, 3)).toEqual([3]);
  expect(await ends({ 'generation_config.json': {} })).toEqual([]);
  expect(await ends({})).toEqual([]);
});

test.each([
  ['a file that is none', { 'generation_config.json': '{' }, 'generation_config.json is not JSON'],
  [
    'a text',
    { 'generation_config.json': { eos_token_id: '</s>' } },
    /^generation_config.json: eos/,
  ],
  ['a negative number', { 'config.json': { eos_token_id: [1, -1] } }, 'must be the id of a token'],
  ['a large file', { 'config.json': ' '.repeat(2 ** 20 + 1) }, 'config.json has 1048577 bytes'],
])('%s names no token', async (_, files, says) => {
  await expect(ends(files as Record<string, object | string>)).rejects.toThrow(says);
});
