import { describe, expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { openChatTemplate } from '../hugging-face/chat-template.ts';
import { tokenizerFolder } from '../hugging-face/fixtures/tokenizers.ts';
import { openTokenizer } from '../hugging-face/tokenizer.ts';
import { partsOfBlob } from '../part-file.ts';
import { readTextData } from '../text-data.ts';
import { DataFileError } from './data-file-error.ts';
import { type EncodeOptions, encodeTexts } from './encode.ts';
import { piecesOf } from './pieces.ts';

const codec = await openTokenizer(tokenizerFolder('llama3'));
const template = await openChatTemplate(codec);

const encoded = async (text: string, options?: EncodeOptions, of = codec) =>
  encodeTexts(await readTextData(partsOfBlob(new Blob([text]))), of, options);
const json = (record: object) => JSON.stringify(record);
const ALPACA = json({ instruction: 'Add.', input: '1 + 1', output: 'It is 2.' });
const BOS = '<|begin_of_text|>';
const EOS = '<|eot_id|>';

/** What is asked of the only text. */
async function askedOf(text: string, options?: EncodeOptions, of = codec) {
  const { items } = await encoded(text, options, of);
  expect(items).toHaveLength(1);
  const pieces = items.flatMap((item) => piecesOf(item, of));
  return { whole: pieces.map((piece) => piece.text).join(''), pieces };
}

describe('what is asked', () => {
  test('of a text all, with beginning and end', async () => {
    const { pieces } = await askedOf(json({ text: 'Once.' }));
    expect(pieces).toEqual([{ text: `${BOS}Once.${EOS}`, asked: true }]);
  });

  test('of an instruction the answer and the end', async () => {
    const { whole, pieces } = await askedOf(ALPACA);
    expect(whole).toMatch(/^<\|begin_of_text\|>Below is .*### Response:It is 2\.<\|eot_id\|>$/s);
    expect(pieces.map(({ asked }) => asked)).toEqual([false, true]);
    // A token with a part of the answer is asked whole.
    expect(pieces[1]?.text).toBe(`It is 2.${EOS}`);
  });

  test('of a chat what the assistant says, as the template writes it', async () => {
    const messages = [
      { role: 'user', content: 'One?' },
      { role: 'assistant', content: 'One.' },
      { role: 'user', content: 'Two?' },
      { role: 'assistant', content: 'Two.' },
    ];
    const { pieces } = await askedOf(json({ messages }), { template });
    expect(pieces.filter(({ asked }) => asked)).toEqual([
      { text: `One.${EOS}`, asked: true },
      { text: `Two.${EOS}`, asked: true },
    ]);
  });

  test('of a chat with tools and variables what the template makes of them', async () => {
    const told = await openChatTemplate(
      codec,
      '{{ tools[0].name }}{{ tone }}{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}',
    );
    const messages = [{ role: 'assistant', content: 'Hi' }];
    const record = { messages, tools: [{ name: 'f' }], chat_template_kwargs: { tone: ' softly ' } };
    const { pieces } = await askedOf(json(record), { template: told });
    expect(pieces).toEqual([
      { text: 'f softly ', asked: false },
      { text: 'Hi', asked: true },
    ]);
  });

  test.each([
    ['The sky is', ' blue.', ' blue.'],
    ['', 'Blue.', 'Blue.'],
    // A token with parts of both is asked.
    ['The sky is ', 'blue.', ' blue.'],
    ['The sky is', ` blue.${EOS}`, ' blue.'],
  ])('of %j completed by %j what TRL asks', async (prompt, completion, asked) => {
    const { items } = await encoded(json({ prompt, completion }));
    const end = completion.endsWith(EOS) ? '' : EOS;
    expect(items[0]?.ids).toEqual(codec.encode(prompt + completion + end));
    const pieces = items.flatMap((item) => piecesOf(item, codec));
    expect(pieces.at(-1)).toEqual({ text: asked + EOS, asked: true });
    expect(pieces.map((piece) => piece.asked)).toEqual([false, true]);
  });

  test('of messages that complete a prompt all that the template adds to it', async () => {
    const prompt = [{ role: 'user', content: 'One?' }];
    const completion = [
      { role: 'assistant', content: 'One.' },
      { role: 'user', content: 'Two?' },
    ];
    const { items } = await encoded(json({ prompt, completion }), { template });
    const idsOf = (messages: typeof prompt, addGenerationPrompt: boolean) =>
      codec.encode(template.render(messages, { addGenerationPrompt }).text, { specials: false });
    const begun = idsOf(prompt, true);
    const whole = idsOf([...prompt, ...completion], false);
    expect(items[0]?.ids).toEqual(whole);
    expect(whole.slice(0, begun.length)).toEqual(begun);
    expect(items[0]?.asked).toEqual(whole.map((_, at) => at >= begun.length));
  });

  test('of a prompt that the template writes otherwise alone what follows their common tokens', async () => {
    const thinking = await openChatTemplate(
      codec,
      '{% for m in messages %}[{{ m.role }}] {{ m.content }}{{ tone }}\n{% endfor %}{% if add_generation_prompt %}[assistant] <think></think>{% endif %}',
    );
    const record = {
      prompt: [{ role: 'user', content: 'One?' }],
      completion: [{ role: 'assistant', content: 'One.' }],
      chat_template_kwargs: { tone: '!' },
    };
    const { pieces } = await askedOf(json(record), { template: thinking });
    expect(pieces).toEqual([
      { text: '[user] One?!\n[assistant] ', asked: false },
      { text: 'One.!\n', asked: true },
    ]);
  });

  test("of Dolly's instructions the response and the end of its recipe", async () => {
    const dolly = { instruction: 'Add.', context: '1 + 1', response: 'It is 2.', category: 'qa' };
    const { whole, pieces } = await askedOf(json(dolly));
    expect(whole).toBe(
      `${BOS}Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\nAdd.\n\nInput:\n1 + 1\n\n### Response:\nIt is 2.\n\n### End${EOS}`,
    );
    expect(pieces.at(-1)).toEqual({ text: `It is 2.\n\n### End${EOS}`, asked: true });
    const alone = await askedOf(json({ ...dolly, context: '' }));
    expect(alone.whole).toContain('### Instruction:\nAdd.\n\n### Response:\nIt is 2.');
  });

  test("of Guanaco's turns the answers, and the end after the last", async () => {
    const { pieces } = await askedOf('### Human: a b\n### Assistant: c d\n### Human: e');
    expect(pieces).toEqual([
      { text: `${BOS}### Human: a b\n### Assistant:`, asked: false },
      { text: ' c d\n', asked: true },
      { text: `### Human: e${EOS}`, asked: false },
    ]);
  });

  test('pieces of a tokenizer that writes a space in front join to the decoded text', async () => {
    const llama2 = await openTokenizer(tokenizerFolder('llama2'));
    const text = '### Human: a b### Assistant: c d### Human: e### Assistant: \u{1f600}';
    const { whole, pieces } = await askedOf(text, {}, llama2);
    expect(whole).toBe(llama2.decode([...llama2.encode(text), llama2.eos as number]));
    expect(pieces.filter(({ asked }) => asked).map((piece) => piece.text)).toEqual([
      ' c d',
      ' \u{1f600}</s>',
    ]);
  });

  test('the tokenizer that ends a text itself ends it once', async () => {
    const tekken = await openTokenizer(tokenizerFolder('tekken'));
    const { items } = await encoded(ALPACA, {}, tekken);
    const ids = items[0]?.ids ?? [];
    expect(ids.filter((id) => id === tekken.eos)).toHaveLength(1);
    expect([ids.at(-1), items[0]?.asked.at(-1)]).toEqual([tekken.eos, true]);
  });
});

test(
  'longer texts lose their end, and say so; what then asks nothing is left out',
  covers('fsdp.utilities.test-tokenizer/truncation').control('every text is whole', {
    file: 'src/formats/text-data/encode.ts',
    from: 'truncated: ids.length > length',
    to: 'truncated: false',
  }),
  async () => {
    const settings = { bos_token: BOS, eos_token: EOS, model_max_length: 60 };
    const folder = new Map(tokenizerFolder('llama3'));
    folder.set('tokenizer_config.json', partsOfBlob(new Blob([JSON.stringify(settings)])));
    const limited = await openTokenizer(folder);
    const records = [json({ text: 'Once.' }), json({ text: 'ab '.repeat(100) })].join('\n');
    const { items, dropped } = await encoded(records, {}, limited);
    expect(dropped).toBe(0);
    expect(items.map(({ truncated }) => truncated)).toEqual([false, true]);
    expect(items[1]?.ids).toEqual(limited.encode('ab '.repeat(100)).slice(0, 60));
    expect(items[1]?.asked).toHaveLength(60);
    // The prompt alone is longer.
    expect(await encoded(ALPACA, { length: 20 }, limited)).toEqual({ items: [], dropped: 1 });
    expect((await encoded(json({ text: 'Once.' }), { length: 1 })).dropped).toBe(1);
  },
);

test('a plain text is cut into pieces of the length, and all are kept', async () => {
  const text = 'The quick brown fox. '.repeat(20);
  const { items, dropped } = await encoded(text, { length: 16 });
  const ids = [...codec.encode(text), codec.eos as number];
  expect(items.flatMap((item) => item.ids)).toEqual(ids);
  expect(items.slice(0, -1).every((item) => item.ids.length === 16)).toBe(true);
  expect(items.map(({ asked }) => asked)).toEqual(items.map((item) => item.ids.map(() => true)));
  expect(items.some(({ truncated }) => truncated)).toBe(false);
  expect(dropped).toBe(0);
});

describe('chats that cannot be written', () => {
  const chat = (role: string) =>
    json({
      messages: [
        { role, content: 'a' },
        { role: 'assistant', content: 'b' },
      ],
    });

  test('are told with their lines', async () => {
    const error = await encoded([chat('user'), chat('bard'), chat('poet')].join('\n'), {
      template,
    }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataFileError);
    expect((error as DataFileError).message).toMatch(
      /^2 of 3 chats cannot be written: line 2: .*no role bard.*; line 3: .*no role poet/,
    );
  });

  test('need a template', async () => {
    await expect(encoded(chat('user'))).rejects.toThrow(/tokenizer has no chat template/);
  });
});
