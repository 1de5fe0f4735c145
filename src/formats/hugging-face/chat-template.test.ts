import { describe, expect, test } from 'vitest';
import { strftime } from './chat/date.ts';
import { TemplateError } from './chat/template-error.ts';
import { openChatTemplate } from './chat-template.ts';
import { recordedChats, tokenizerFolder } from './fixtures/tokenizers.ts';
import { openTokenizer } from './tokenizer.ts';

/** The day of the recordings. */
const NOW = new Date(2026, 2, 4, 15, 6, 7);

const USER = { role: 'user', content: 'One?' };
const ANSWER = { role: 'assistant', content: 'One.' };

const opened = async (source?: string, tokenizer = 'qwen2') =>
  openChatTemplate(await openTokenizer(tokenizerFolder(tokenizer)), source);

describe.each(recordedChats())('$tokenizer, $template: $name', (recorded) => {
  const { add_generation_prompt, tools, ...variables } = recorded.options;
  const options = { addGenerationPrompt: add_generation_prompt, tools, variables, now: NOW };

  test('text, ids and what is asked are those of transformers', async () => {
    const template = await opened(recorded.source, recorded.tokenizer);
    expect(template.render(recorded.messages, options).text).toBe(recorded.rendered);
    const { ids, asked } = template.encode(recorded.messages, options);
    expect(ids).toEqual(recorded.ids);
    expect(asked.map(Number)).toEqual(recorded.asked);
    expect(asked.includes(true)).toBe(recorded.messages.some(({ role }) => role === 'assistant'));
  });
});

test('a template that begins a text itself has one beginning', async () => {
  const codec = await openTokenizer(tokenizerFolder('llama3'));
  const { ids } = (await openChatTemplate(codec)).encode([USER, ANSWER], { now: NOW });
  expect(codec.encode('a')[0]).toBe(codec.bos);
  expect(ids.filter((id) => id === codec.bos)).toHaveLength(1);
});

test('marks of a template are told from the same characters in a chat', async () => {
  const template = await opened(
    '{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}',
  );
  const { text, said } = template.render([{ role: 'assistant', content: '\ue000a\ue001' }]);
  expect({ text, said }).toEqual({ text: '\ue000a\ue001', said: [{ start: 0, end: 3 }] });
});

test('a template that is one block is what the assistant says', async () => {
  const template = await opened('{% generation %}{{ messages[0].content }}{% endgeneration %}');
  expect(template.render([USER])).toEqual({ text: 'One?', said: [{ start: 0, end: 4 }] });
});

test('a message has the fields that are given, without those that are null', async () => {
  const template = await opened('{{ messages[0] | tojson }}');
  expect(template.render([{ ...USER, name: null }]).text).toBe(
    '{"role": "user", "content": "One?"}',
  );
});

test("a caller's variables change messages and names, and not the clock", async () => {
  const template = await opened('{{ strftime_now("%Y") ~ eos_token ~ who }}');
  const variables = { who: 'me', eos_token: '.', strftime_at: 1 };
  expect(template.render([USER], { variables, now: NOW }).text).toBe('2026.me');
});

describe('a template that refuses', () => {
  const refusal = async (source: string | undefined, messages = [USER, ANSWER]) => {
    try {
      (await opened(source)).encode(messages);
    } catch (error) {
      expect(error).toBeInstanceOf(TemplateError);
      expect((error as TemplateError).message).not.toContain('\n');
      return `${(error as TemplateError).code}: ${(error as TemplateError).message}`;
    }
    return undefined;
  };

  test('is not there', async () => {
    const codec = await openTokenizer(tokenizerFolder('smollm'));
    await expect(openChatTemplate(codec)).rejects.toThrow(/has no chat template/);
  });

  test('is broken', async () => {
    expect(await refusal('{% for %}')).toMatch(
      /^template-broken: the chat template cannot be read/,
    );
  });

  test('says so', async () => {
    expect(await refusal("{{ raise_exception('No\nuser') }}")).toBe(
      'template-refuses: the chat template refuses the chat: "No\\nuser"',
    );
  });

  test('asks for a date that is not known', async () => {
    expect(await refusal("{{ strftime_now('%Q') }}")).toMatch(/^template-refuses.*%Q/);
  });

  test('renders earlier turns otherwise than before', async () => {
    const { source } = recordedChats().find(({ template }) => template === 'forgetful') ?? {};
    const thought = { role: 'assistant', content: '<think>hm</think>\n\nOne.' };
    expect(await refusal(source, [USER, thought])).toBeUndefined();
    expect(await refusal(source, [USER, thought, USER, thought])).toMatch(
      /^template-no-prefix: .* up to message 2 .*\{% generation %\}/,
    );
  });
});

test('dates are written in English, and padded as Python pads them', () => {
  expect(strftime(NOW, '%A %a %d %-d %B %b %m %Y %y %H %I %p %M %S %%')).toBe(
    'Wednesday Wed 04 4 March Mar 03 2026 26 15 03 PM 06 07 %',
  );
  expect(strftime(new Date(2026, 0, 1, 0, 5), '%I %p %-H')).toBe('12 AM 0');
});
