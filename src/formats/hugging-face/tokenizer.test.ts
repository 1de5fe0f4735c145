import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { FormatError } from '../format-error.ts';
import { folderOf } from './fixtures/tiny-folder.ts';
import { filesOf, recordedOf, TOKENIZERS, tokenizerFolder } from './fixtures/tokenizers.ts';
import { openTokenizer, type TextCodec } from './tokenizer.ts';
import { TokenizerError } from './tokenizer-error.ts';

const BYTE_LEVEL = ['llama3', 'smollm', 'tekken'];

test(
  'ids are those of the Python libraries',
  covers('fsdp.utilities.test-tokenizer/tokenizer-json-ids').control(
    'a ByteLevel splits by the pattern of JavaScript',
    {
      file: 'src/formats/hugging-face/tokenizer/pipeline.ts',
      from: "if (step['use_regex'] === false) return step;",
      to: 'return step;',
    },
  ),
  async () => {
    expect(TOKENIZERS.length).toBeGreaterThan(5);
    for (const name of TOKENIZERS) {
      const codec = await openTokenizer(tokenizerFolder(name));
      const { texts } = recordedOf(name);
      expect(texts.length).toBeGreaterThan(25);
      for (const { name: text, ...recorded } of texts) {
        const ids = codec.encode(recorded.text);
        const plain = codec.encode(recorded.text, { specials: false });
        expect({ name, text, ids, plain }).toEqual({
          ...{ name, text },
          ...{ ids: recorded.ids, plain: recorded.plain },
        });
      }
    }
  },
);

describe.each(TOKENIZERS)('%s', (name) => {
  const recorded = recordedOf(name);

  test('decodes as the Python libraries do', async () => {
    const codec = await openTokenizer(tokenizerFolder(name));
    const all = recorded.texts.map(({ ids, ...text }) => ({ ...text, decodes: ids }));
    for (const { name: text, decodes, decoded, shown } of [...all, ...recorded.decodes])
      expect({
        text,
        decoded: codec.decode(decodes),
        shown: codec.decode(decodes, { specials: false }),
      }).toEqual({ text, decoded, shown });
  });

  test('knows how many ids there are, and those with names', async () => {
    const { size, bos = null, eos = null, pad = null } = await openTokenizer(tokenizerFolder(name));
    expect({ size, bos, eos, pad }).toEqual(recorded.names);
  });

  test('says where each token stands: together they are the text', async () => {
    const codec = await openTokenizer(tokenizerFolder(name));
    for (const { name: text, text: whole, plain } of recorded.texts) {
      const { ids, spans } = codec.align(whole, { specials: false });
      expect({ text, ids }).toEqual({ text, ids: plain });
      expect(spans.length).toBe(ids.length);
      const starts = spans.map(({ start }) => start);
      expect(starts).toEqual(starts.toSorted((a, b) => a - b));
      const covered = new Set(
        spans.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i)),
      );
      // Space beside a token that takes it in belongs to none.
      const left = Array.from(whole, (_, at) => at).filter((at) => !covered.has(at));
      expect({
        text,
        left: left
          .map((at) => whole[at])
          .join('')
          .trim(),
      }).toEqual({ text, left: '' });
    }
  });
});

test('space that a token takes in is in no other', async () => {
  const codec = await openTokenizer(tokenizerFolder('qwen2'));
  for (const text of ['a  <left>b', 'a<right>  b ', ' <right>  a b  <left>  c ']) {
    const { ids, spans } = codec.align(text, { specials: false });
    const slices = spans.map(({ start, end }) => text.slice(start, end));
    expect({ text, slices }).toEqual({ text, slices: ids.map((id) => codec.decode([id])) });
  }
});

test('special tokens without a name are special too', async () => {
  const settings = {
    extra_special_tokens: ['the'],
    additional_special_tokens: [{ content: 'in' }],
  };
  const files = { ...filesOf('llama3'), 'tokenizer_config.json': JSON.stringify(settings) };
  const codec = await openTokenizer(folderOf(files));
  expect(codec.decode(codec.encode('a then in'), { specials: false })).toBe('a n ');
});

test('what is put around a text stands nowhere in it', async () => {
  const codec = await openTokenizer(tokenizerFolder('tekken'));
  const { ids, spans } = codec.align('ab');
  expect(ids).toEqual(codec.encode('ab'));
  expect([ids[0], ids.at(-1)]).toEqual([codec.bos, codec.eos]);
  expect([spans[0], spans.at(-1)]).toEqual([
    { start: 0, end: 0 },
    { start: 2, end: 2 },
  ]);
});

test(
  'byte-level tokenizers give every text back',
  covers('fsdp.utilities.test-tokenizer/lossless-round-trip').control(
    'a byte is another character',
    {
      file: 'src/formats/hugging-face/tokenizer/byte-level.ts',
      from: 'byte !== 0xad',
      to: 'byte !== 0xac',
    },
  ),
  async () => {
    const codecs = await Promise.all(
      BYTE_LEVEL.map((name) => openTokenizer(tokenizerFolder(name))),
    );
    const unit = fc.oneof(
      fc.constantFrom('\u0301', '\ufeff', '\u200d', '\ud83d\ude00', ' ', '\n', "'", '1'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    );
    const strings = fc.sample(fc.string({ unit, maxLength: 40 }), { numRuns: 1000, seed: 5 });
    expect(strings).toHaveLength(1000);
    for (const text of strings)
      for (const codec of codecs)
        expect(codec.decode(codec.encode(text, { specials: false }))).toBe(text);
  },
);

test(
  'the tokens of beginning, end and padding are three',
  covers('fsdp.utilities.test-tokenizer/distinct-special-ids').control('padding is the end', {
    file: 'src/formats/hugging-face/tokenizer.ts',
    from: "pad: idOf('pad_token')",
    to: "pad: idOf('eos_token')",
  }),
  async () => {
    const { bos, eos, pad, size } = await openTokenizer(tokenizerFolder('llama3'));
    expect(new Set([bos, eos, pad]).size).toBe(3);
    for (const id of [bos, eos, pad]) expect(id).toBeLessThan(size);
  },
);

describe('a folder that cannot be read', () => {
  const FILES = filesOf('llama3');
  const PIPELINE = 'tokenizer.json';
  const SETTINGS = 'tokenizer_config.json';
  const changed = (change: (json: Record<string, unknown>) => void, file = PIPELINE) => {
    const json = JSON.parse(FILES[file] as string);
    change(json);
    return { ...FILES, [file]: JSON.stringify(json) };
  };
  const model = (fields: object) =>
    changed((json) => Object.assign(json['model'] as object, fields));

  test.each<[string, Record<string, string>, string, RegExp]>([
    ['nothing', {}, 'tokenizer-missing', /no tokenizer\.json: save the tokenizer/],
    [
      'SentencePiece alone',
      { 'tokenizer.model': 'x' },
      'tokenizer-missing',
      /tokenizer\.model alone/,
    ],
    ['no JSON', { ...FILES, [PIPELINE]: '{"a":' }, 'tokenizer-file', /tokenizer\.json is not JSON/],
    [
      'an empty file',
      { ...FILES, [PIPELINE]: '' },
      'tokenizer-file',
      /tokenizer\.json is not JSON/,
    ],
    [
      'a key twice',
      { ...FILES, [SETTINGS]: '{"a":1,"a":2}' },
      'tokenizer-file',
      /tokenizer_config\.json has the key "a" twice/,
    ],
    ['no model', changed((json) => delete json['model']), 'tokenizer-value', /has no model/],
    [
      'a model that is not read',
      model({ type: 'WordLevel' }),
      'tokenizer-not-supported',
      /"WordLevel" is not read here: BPE is/,
    ],
    ['dropout', model({ dropout: 0.1 }), 'tokenizer-not-supported', /dropout/],
    ['no vocabulary', model({ vocab: [] }), 'tokenizer-value', /no vocab/],
    ['an id that is none', model({ vocab: { a: 1.5 } }), 'tokenizer-value', /id of "a"/],
    ['merges that are none', model({ merges: ['a'] }), 'tokenizer-value', /merges/],
    [
      'another normalizer',
      changed((json) => {
        json['normalizer'] = { type: 'Lowercase' };
      }),
      'tokenizer-not-supported',
      /normalizer "Lowercase"/,
    ],
    [
      'a step of a sequence',
      changed((json) => {
        json['pre_tokenizer'] = { type: 'Sequence', pretokenizers: [{ type: 'BertPreTokenizer' }] };
      }),
      'tokenizer-not-supported',
      /pre_tokenizer "BertPreTokenizer"/,
    ],
    [
      'a Split that merges',
      changed((json) => {
        json['pre_tokenizer'] = {
          type: 'Split',
          pattern: { String: 'a' },
          behavior: 'MergedWithNext',
          invert: false,
        };
      }),
      'tokenizer-not-supported',
      /"MergedWithNext"/,
    ],
    [
      'a pattern that is none',
      changed((json) => {
        json['pre_tokenizer'] = {
          type: 'Split',
          pattern: { Regex: '(' },
          behavior: 'Isolated',
          invert: false,
        };
      }),
      'tokenizer-not-supported',
      /is not read here/,
    ],
    [
      'a space in front',
      changed((json) => {
        json['pre_tokenizer'] = { type: 'ByteLevel', add_prefix_space: true };
      }),
      'tokenizer-not-supported',
      /adds a space/,
    ],
    [
      'another decoder',
      changed((json) => {
        json['decoder'] = { type: 'CTC' };
      }),
      'tokenizer-not-supported',
      /decoder "CTC"/,
    ],
    [
      'another post-processor',
      changed((json) => {
        json['post_processor'] = { type: 'BertProcessing' };
      }),
      'tokenizer-not-supported',
      /"BertProcessing"/,
    ],
    [
      'a whole word',
      changed((json) => {
        json['added_tokens'] = [{ id: 1, content: 'ab', single_word: true }];
      }),
      'tokenizer-not-supported',
      /single_word/,
    ],
    [
      'a named token without an id',
      changed((json) => {
        json['pad_token'] = '[PAD]';
      }, SETTINGS),
      'tokenizer-value',
      /"\[PAD\]"/,
    ],
    [
      'a length that is none',
      changed((json) => {
        json['model_max_length'] = -1;
      }, SETTINGS),
      'tokenizer-value',
      /model_max_length is -1/,
    ],
  ])('%s', async (_, files, code, message) => {
    const error = await openTokenizer(folderOf(files)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TokenizerError);
    expect((error as TokenizerError).code).toBe(code);
    expect((error as TokenizerError).message).toMatch(message);
    expect((error as TokenizerError).message).not.toContain('\n');
  });

  test('a file that is too large is not read', async () => {
    const file = { bytes: 2 ** 26 + 1, read: () => Promise.reject(new Error('it was read')) };
    const folder = new Map([[PIPELINE, file]]);
    await expect(openTokenizer(folder)).rejects.toThrow(/tokenizer\.json has 67108865 bytes/);
  });

  test('a file that is no UTF-8', async () => {
    const folder = folderOf({ ...FILES, [PIPELINE]: Uint8Array.of(0xff, 0xfe) });
    await expect(openTokenizer(folder)).rejects.toThrow(/tokenizer\.json is no text in UTF-8/);
  });

  test('a file that cannot be read, by what its reader says', async () => {
    const why = new FormatError('"tokenizer.json": the server does not answer');
    const folder = new Map([[PIPELINE, { bytes: 9, read: () => Promise.reject(why) }]]);
    await expect(openTokenizer(folder)).rejects.toBe(why);
  });
});

describe('what tokenizer_config.json says', () => {
  const opened = (settings: object, name = 'llama3'): Promise<TextCodec> =>
    openTokenizer(
      folderOf({ ...filesOf(name), 'tokenizer_config.json': JSON.stringify(settings) }),
    );
  const NAMES = { bos_token: '<|begin_of_text|>', eos_token: { content: '<|eot_id|>' } };

  test('add_bos_token and add_eos_token take the place of the template', async () => {
    const none = await opened({ ...NAMES, add_bos_token: false });
    expect(none.encode('a')).toEqual(none.encode('a', { specials: false }));
    const both = await opened({ ...NAMES, add_bos_token: true, add_eos_token: true });
    expect(both.encode('')).toEqual([both.bos, both.eos]);
  });

  test('names stand in special_tokens_map.json too', async () => {
    const files = {
      ...filesOf('llama3'),
      'tokenizer_config.json': '{"bos_token": "<|begin_of_text|>"}',
      'special_tokens_map.json': '{"bos_token": "<|pad|>", "eos_token": "<|eot_id|>"}',
    };
    const codec = await openTokenizer(folderOf(files));
    expect(codec.namedTokens).toEqual({ bos_token: '<|begin_of_text|>', eos_token: '<|eot_id|>' });
  });

  test('a token of the vocabulary that has a name is special', async () => {
    const codec = await opened({ ...NAMES, eos_token: 'the' });
    expect(codec.encode('in there', { specials: false })).toContain(codec.eos);
    expect(codec.decode([codec.eos as number], { specials: false })).toBe('');
  });

  test('its length is the limit that it names, not the one that means none', async () => {
    expect((await opened({ model_max_length: 12 })).maxLength).toBe(12);
    expect((await opened({ model_max_length: 1e30 })).maxLength).toBeUndefined();
    expect((await opened({})).maxLength).toBeUndefined();
  });

  test('a template stands there, or by itself, or with others', async () => {
    const template = async (settings: object, file?: string) => {
      const { 'chat_template.jinja': _, ...files } = filesOf('llama3');
      const own = file === undefined ? {} : { 'chat_template.jinja': file };
      const config = JSON.stringify(settings);
      const folder = folderOf({ ...files, ...own, 'tokenizer_config.json': config });
      return (await openTokenizer(folder)).chatTemplate;
    };
    const named = [
      { name: 'tool_use', template: 'b' },
      { name: 'default', template: 'c' },
    ];
    expect(await template({ chat_template: 'a' })).toBe('a');
    expect(await template({ chat_template: 'a' }, 'b')).toBe('b');
    expect(await template({ chat_template: named })).toBe('c');
    expect(await template({})).toBeUndefined();
  });
});
