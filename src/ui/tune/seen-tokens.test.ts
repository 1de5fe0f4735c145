import { expect, test } from 'vitest';
import { TOKENIZERS, tokenizerFolder } from '../../formats/hugging-face/fixtures/tokenizers.ts';
import { openTokenizer } from '../../formats/hugging-face/tokenizer.ts';
import { seenText } from './seen-tokens.ts';

const TEXT = 'The fox said: “Grüße, 狐 🦊!” and\n  ran 1234 miles.';

test.each(TOKENIZERS)(
  'tokens of %s together are the text, whatever bytes they share',
  async (name) => {
    const codec = await openTokenizer(tokenizerFolder(name));
    const ids = codec.encode(TEXT);
    const asked = ids.map((_, at) => at % 2 === 0);
    const seen = seenText({ ids, asked, truncated: true }, codec, 1000);
    expect(seen.tokens.map(({ text }) => text).join('')).toBe(codec.decode(ids));
    expect(seen.tokens.some(({ text }) => text.includes('\ufffd'))).toBe(false);
    expect(seen).toMatchObject({
      length: ids.length,
      askedCount: Math.ceil(ids.length / 2) - 1,
      truncated: true,
    });
    expect(seen.tokens[0]?.asked, 'the first is predicted from nothing').toBe(false);
    expect(seenText({ ids, asked, truncated: false }, codec, 3).tokens.length).toBeLessThanOrEqual(
      3,
    );
  },
);

test('tokens that are no text are told apart', async () => {
  const codec = await openTokenizer(tokenizerFolder('llama3'));
  const ids = [...codec.encode('fox'), codec.eos ?? 0];
  const { tokens } = seenText({ ids, asked: ids.map(() => true), truncated: false }, codec, 9);
  expect(tokens[0]?.special).toBe(codec.bos !== undefined);
  expect(tokens.at(-1)).toMatchObject({ special: true, asked: true });
  expect(
    tokens
      .filter(({ special }) => !special)
      .map(({ text }) => text)
      .join(''),
  ).toBe('fox');
});
