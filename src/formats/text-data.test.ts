import { describe, expect, test } from 'vitest';
import { covers } from '../catalog/covers.ts';
import { FormatError } from './format-error.ts';
import { partsOfBlob } from './part-file.ts';
import { DataFileError } from './text-data/data-file-error.ts';
import { readTextData, type TextFormat } from './text-data.ts';

const read = (text: string | Uint8Array, format?: TextFormat) =>
  readTextData(partsOfBlob(new Blob([text as BlobPart])), format);
const lines = (...records: object[]) => records.map((each) => `${JSON.stringify(each)}\n`).join('');
const CHAT = {
  messages: [
    { role: 'user', content: 'One?' },
    { role: 'assistant', content: 'One.' },
  ],
};
const ALPACA = { instruction: 'Add.', input: '1 + 1', output: '2' };

describe('the format is told by what is there', () => {
  test('a plain text', async () => {
    const text = 'Once upon a time\n{ "there": was }\n';
    expect(await read(text)).toEqual({
      format: 'plain',
      lessons: [{ line: 1, lesson: { kind: 'document', text } }],
    });
  });

  test('texts', async () => {
    const { format, lessons } = await read(
      `${lines({ text: 'a' })}\n${lines({ text: 'b', id: 1 })}`,
    );
    expect(format).toBe('text');
    expect(lessons).toEqual([
      { line: 1, lesson: { kind: 'document', text: 'a' } },
      { line: 3, lesson: { kind: 'document', text: 'b' } },
    ]);
  });

  test('chats', async () => {
    expect(await read(lines(CHAT))).toEqual({
      format: 'chat',
      lessons: [{ line: 1, lesson: { kind: 'chat', messages: CHAT.messages } }],
    });
  });

  test('a call of a tool has no content', async () => {
    const call = { role: 'assistant', content: null, tool_calls: [{ function: { name: 'f' } }] };
    expect((await read(lines({ messages: [CHAT.messages[0] as object, call] }))).format).toBe(
      'chat',
    );
  });

  test('chats with tools, and with variables of their template', async () => {
    const tools = [{ type: 'function', function: { name: 'f', parameters: {} } }];
    const variables = { enable_thinking: false };
    const { lessons } = await read(
      lines(
        { ...CHAT, tools, chat_template_kwargs: variables },
        { ...CHAT, tools: null, chat_template_kwargs: null },
      ),
    );
    const chat = { kind: 'chat', messages: CHAT.messages };
    expect(lessons.map(({ lesson }) => lesson)).toEqual([{ ...chat, tools, variables }, chat]);
  });

  test('turns as ShareGPT has them', async () => {
    const turns = [
      { from: 'system', value: 'Be brief.' },
      { from: 'human', value: 'One?' },
      { from: 'gpt', value: 'One.' },
    ];
    const { format, lessons } = await read(lines({ id: 'x', conversations: turns }));
    expect(format).toBe('sharegpt');
    expect(lessons[0]?.lesson).toEqual({
      kind: 'chat',
      messages: [{ role: 'system', content: 'Be brief.' }, ...CHAT.messages],
    });
  });

  test('instructions as Alpaca has them, with an input and without', async () => {
    const song = { instruction: 'Sing.', output: 'La' };
    const { format, lessons } = await read(lines(ALPACA, song));
    expect(format).toBe('alpaca');
    const withNull = await read(lines(ALPACA, { ...song, input: null }));
    expect(withNull.lessons).toEqual(lessons);
    const prompts = lessons.map(({ lesson }) => lesson.kind === 'parts' && lesson.parts);
    expect(prompts).toEqual([
      [
        {
          text: 'Below is an instruction that describes a task, paired with an input that provides further context. Write a response that appropriately completes the request.\n\n### Instruction:\nAdd.\n\n### Input:\n1 + 1\n\n### Response:',
          asked: false,
        },
        { text: '2', asked: true },
      ],
      [
        {
          text: 'Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\nSing.\n\n### Response:',
          asked: false,
        },
        { text: 'La', asked: true },
      ],
    ]);
  });

  test('prompts and what completes them, as texts and as messages', async () => {
    const tools = [{ type: 'function', function: { name: 'f', parameters: {} } }];
    const prompt = CHAT.messages.slice(0, 1);
    const completion = CHAT.messages.slice(1);
    const { format, lessons } = await read(
      lines({ prompt: 'The sky is', completion: ' blue.' }, { prompt, completion, tools }),
    );
    expect(format).toBe('prompt_completion');
    expect(lessons.map(({ lesson }) => lesson)).toEqual([
      { kind: 'completion', prompt: 'The sky is', completion: ' blue.' },
      { kind: 'chat-completion', prompt, completion, tools },
    ]);
  });

  test('instructions as Dolly has them', async () => {
    const { format, lessons } = await read(
      lines({ instruction: 'Add.', context: '', response: '2', category: 'qa' }),
    );
    expect(format).toBe('dolly');
    expect(lessons[0]?.lesson.kind).toBe('parts');
    const both = { instruction: 'Add.', output: '2', response: '3' };
    expect((await read(lines(both), 'alpaca')).format).toBe('alpaca');
  });

  test("Guanaco's texts, in records and in a text of their own", async () => {
    const first = '### Human: One?### Assistant: One.### Human: Two?### Assistant: Two.';
    const parts = [
      { text: '### Human:', asked: false },
      { text: ' One?', asked: false },
      { text: '### Assistant:', asked: false },
      { text: ' One.', asked: true },
      { text: '### Human:', asked: false },
      { text: ' Two?', asked: false },
      { text: '### Assistant:', asked: false },
      { text: ' Two.', asked: true },
    ];
    expect(await read(lines({ text: first }))).toEqual({
      format: 'guanaco',
      lessons: [{ line: 1, lesson: { kind: 'parts', parts } }],
    });
    const other = '### Human: A\n### Assistant: B\n';
    const { format, lessons } = await read(`${first}\n\n${other}\n \n${other}`);
    expect(format).toBe('guanaco');
    expect(lessons.map(({ line }) => line)).toEqual([1, 3, 7]);
    expect(lessons[0]?.lesson).toEqual({ kind: 'parts', parts });
  });

  test('an array of records, whose lines are where they begin', async () => {
    const text = `[\n  ${JSON.stringify(ALPACA)},\n\n{"instruction": "a]}\\",[{",\n "output": "b"}\n, ${JSON.stringify(ALPACA)}]\n`;
    const { format, lessons } = await read(text);
    expect(format).toBe('alpaca');
    expect(lessons.map(({ line }) => line)).toEqual([2, 4, 6]);
  });

  test('it can be named', async () => {
    expect((await read(lines({ text: '### Human: a ### Assistant: b' }), 'text')).format).toBe(
      'text',
    );
    expect((await read(lines(CHAT), 'plain')).format).toBe('plain');
    await expect(read('a text', 'chat')).rejects.toThrow(/no JSON, which the format "chat" is/);
  });
});

describe('what cannot be read', () => {
  const faultsOf = async (text: string, format?: TextFormat) => {
    const error = await read(text, format).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataFileError);
    expect((error as DataFileError).message).not.toContain('\n');
    return error as DataFileError;
  };

  test(
    'every fault is told with its line',
    covers('fsdp.training.dataset-handling/malformed-record').control('lines count from 0', {
      file: 'src/formats/text-data/records.ts',
      from: 'line: at + 1',
      to: 'line: at',
    }),
    async () => {
      const { code, message, faults, count } = await faultsOf(
        `${lines(ALPACA)}{"instruction": 1, "output": "a"}\n\n{"instruction": "a"\n${lines({ output: 'a' }, ALPACA)}[1]\n`,
      );
      expect(code).toBe('dataset-record');
      expect(count).toBe(4);
      expect(faults.map(({ line }) => line)).toEqual([2, 4, 5, 7]);
      expect(message).toMatch(
        /^4 of 6 records cannot be read: line 2: "instruction" must be a text that is not empty; line 4: the record is not JSON: .*; line 5: .*; line 7: the record is not a JSON object$/,
      );
    },
  );

  test('ten are told, and the others counted', async () => {
    const { message, faults, count } = await faultsOf(
      lines(ALPACA, ...Array.from({ length: 25 }, () => ({ instruction: 'a' }))),
    );
    expect([faults.length, count]).toEqual([10, 25]);
    expect(message).toMatch(/line 11: .*; and 15 more$/);
    expect(message).not.toContain('line 12');
  });

  test.each<[string, object, RegExp]>([
    ['no messages', { messages: [] }, /"messages" must be a list/],
    ['a message without a role', { messages: [{ content: 'a' }] }, /message 1 must have a "role"/],
    ['a content that is no text', { messages: [{ role: 'user', content: 1 }] }, /message 1/],
    ['no answer', { messages: [{ role: 'user', content: 'a' }] }, /nothing to learn/],
    [
      'tools that are no list',
      { ...CHAT, tools: '[]' },
      /"tools" must be a list of their JSON sch/,
    ],
    ['a tool that is no schema', { ...CHAT, tools: ['f'] }, /"tools" must be a list/],
    [
      'variables that are no object',
      { ...CHAT, chat_template_kwargs: [1] },
      /"chat_template_kwargs" must be an object/,
    ],
    ['no turns', { conversations: {} }, /"conversations" must be a list/],
    [
      'a speaker that is not known',
      { conversations: [{ from: 'constructor', value: 'a' }] },
      /turn 1 has "from" "constructor": known are system, human, user, gpt, /,
    ],
    ['a turn without a speaker', { conversations: [5] }, /turn 1 has no "from"/],
    ['a turn without a text', { conversations: [{ from: 'gpt' }] }, /turn 1 must have a text/],
    ['an input that is no text', { ...ALPACA, input: 1 }, /"input" must be a text/],
    ['no output', { ...ALPACA, output: ' ' }, /"output" must be a text/],
    ['no text', { text: '' }, /"text" must be a text/],
    ['an empty completion', { prompt: 'a', completion: ' ' }, /no completion is empty$/],
    [
      'a text completed by messages',
      { prompt: 'a', completion: [] },
      /must both be texts, or lists/,
    ],
    [
      'a prompt without messages',
      { prompt: [], completion: CHAT.messages },
      /^1 of 1 .*: "prompt" must be a list of at least one message/,
    ],
    [
      'a completion without a role',
      { prompt: CHAT.messages, completion: [{ content: 'a' }] },
      /message 1 of "completion" must have a "role"/,
    ],
    ['a completion beside a chat', { ...CHAT, prompt: 'a', completion: 'b' }, /beside "messages"/],
    ['a completion beside a text', { text: 'c', prompt: 'a', completion: 'b' }, /beside "text"/],
    [
      'a completion with wrong tools',
      { prompt: CHAT.messages, completion: CHAT.messages, tools: {} },
      /"tools" must be a list/,
    ],
    ['an output and a response', { ...ALPACA, response: 'b' }, /"output" and "response" are both/],
    ['no instruction', { instruction: '', response: 'b' }, /"instruction" must be a text/],
    ['a context that is no text', { instruction: 'a', context: 1, response: 'b' }, /"context" mus/],
    ['no response', { instruction: 'a', response: '' }, /"response" must be a text/],
    ['a key twice', { text: 'a' }, /the key "text" twice/],
  ])('%s', async (name, record, message) => {
    const text = JSON.stringify(record);
    const twice = text.replace('{', '{"text":"b",');
    expect((await faultsOf(name === 'a key twice' ? twice : text)).message).toMatch(message);
  });

  test('an answer that Guanaco lacks', async () => {
    const good = '### Human: a### Assistant: b';
    const { message } = await faultsOf(lines({ text: good }, { text: '### Human: a' }));
    expect(message).toMatch(/^1 of 2 records cannot be read: line 2: "text" must begin/);
    expect((await faultsOf(`${good}\n\n### Human: c\n`)).message).toMatch(
      /line 3: a chat must begin/,
    );
  });

  test('an array that ends nowhere', async () => {
    expect((await faultsOf(`[${JSON.stringify(ALPACA)},\n{"instruction": "a`)).message).toMatch(
      /^1 of 2 records cannot be read: line 2: the record is not JSON/,
    );
    expect((await faultsOf('[]')).message).toMatch(/there is no record/);
  });

  test.each([
    ['py.jsonl', "{'text': 'the owl sings'}\n", 1, "{'text': 'the owl sings'}"],
    ['py.JSON', "\n{\n  'text': 'the owl'}", 3, "'text': 'the owl'}"],
    ['list.json', '["one",\n"two"]', 1, '[\\"one\\",'],
    ['cut.json', '[\n  \n', 1, '['],
    ['prose.ndjson', '\n \nOnce upon a time\n', 3, 'Once upon a time'],
    ['chat.jsonl', '### Human: a### Assistant: b', 1, '### Human: a### Assistant: b'],
  ])('%s, whose name alone is of JSON', async (name, text, line, shown) => {
    const named = (format?: TextFormat) =>
      readTextData(partsOfBlob(new File([text], name)), format);
    const error = await named().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataFileError);
    expect((error as DataFileError).message).toBe(
      `the data file is no JSON, which its name "${name}" says: line ${line}: "${shown}" begins no record: give one a line, such as {"text": "..."}, or an array of them, or dataset_format "plain"`,
    );
    await expect(named('text')).rejects.toThrow(
      /no JSON, which the format "text" is: line \d: .*, or an array of them$/,
    );
    expect((await named('plain')).format).toBe('plain');
    const other = readTextData(partsOfBlob(new File([text], `${name}.txt`)));
    expect((await other).lessons).toHaveLength(1);
  });

  test('files that hold no texts', async () => {
    await expect(read('')).rejects.toThrow(FormatError);
    await expect(read(' \n')).rejects.toThrow(/is empty/);
    await expect(read(Uint8Array.of(0xff))).rejects.toThrow(/no text in UTF-8/);
    await expect(read('{"a": 1, "b": 2}')).rejects.toThrow(
      /with the fields "a", "b": give "messages"/,
    );
    const file = { bytes: 2 ** 27 + 1, read: () => Promise.reject(new Error('it was read')) };
    await expect(readTextData(file)).rejects.toThrow(/134217729 bytes/);
  });
});
