import { expect, test } from 'vitest';
import { openChatTemplate } from '../../formats/hugging-face/chat-template.ts';
import { tokenizerFolder } from '../../formats/hugging-face/fixtures/tokenizers.ts';
import { openTokenizer } from '../../formats/hugging-face/tokenizer.ts';
import type { ChatFrame } from '../../formats/text-data/chat-frame.ts';
import { Questions } from '../../harness/tuning/questions.ts';
import type { QuestionMessage } from '../../harness/worker/messages.ts';
import { beginningsOf } from './beginnings.ts';
import { Conversation } from './conversation.ts';
import { promptOf } from './prompt.ts';

/** Of the model's files more than the tokenizer's own. */
const ENDS = [2, 9];

async function opened(tokens = 64, chats?: ChatFrame) {
  const codec = await openTokenizer(tokenizerFolder('llama2'));
  const questions = new Questions();
  const posted: QuestionMessage[] = [];
  questions.follow((message) => void posted.push(message));
  const prompt = await promptOf(codec, chats);
  const talk = new Conversation(questions, codec, {
    ...{ prompt, reads: { tokens, most: 128 } },
    ends: ENDS,
  });
  return { codec, questions, posted, talk };
}

test('both answers grow token by token, words apart as in the text, and each ends by itself', async () => {
  const { codec, questions, posted, talk } = await opened();
  talk.ask({ prompt: 'The fox', sampled: false });
  const [message] = posted;
  if (message?.type !== 'ask') throw new Error('nothing was asked');
  expect(message.question).toMatchObject({ choose: 'greedy', eos: ENDS });
  const [first = 0, ...rest] = codec.encode('The fox ran').slice(message.question.prompt.length);
  questions.hear(message.id, { type: 'token', by: 'tuned', token: first });
  const begun = talk.exchange.value?.tuned;
  expect(begun?.done).toBe(false);
  for (const token of rest) questions.hear(message.id, { type: 'token', by: 'tuned', token });
  questions.hear(message.id, { type: 'end', by: 'tuned', step: 7 });
  const why = 'all weights are trained';
  questions.hear(message.id, { type: 'refused', by: 'frozen', code: 'x', message: why });
  expect(talk.exchange.value).toEqual({
    ...{ prompt: 'The fox', sampled: false, isChat: false },
    tuned: { text: ' ran', done: true, step: 7 },
    frozen: { text: '', done: true, refused: why },
  });
});

test('a new question drops the one before, whose late tokens are not told', async () => {
  const { questions, posted, talk } = await opened();
  talk.ask({ prompt: 'one', sampled: true });
  talk.ask({ prompt: 'two', sampled: true });
  expect(posted.map(({ type }) => type)).toEqual(['ask', 'drop', 'ask']);
  questions.hear(1, { type: 'token', by: 'tuned', token: 40 });
  expect(talk.exchange.value).toMatchObject({ prompt: 'two', tuned: { text: '' } });
  const seeds = posted.map((message) => message.type === 'ask' && message.question.choose);
  expect(seeds[0], 'other numbers are drawn each time').not.toEqual(seeds[2]);
});

test('a prompt that fills the context keeps its end and says so, and none begins as every text does', async () => {
  const { codec, posted, talk } = await opened(16);
  talk.ask({ prompt: 'fox '.repeat(40), sampled: false });
  const tokens = codec.encode('fox '.repeat(40)).length;
  expect(talk.exchange.value?.cut).toEqual({ tokens, read: 8 });
  talk.ask({ prompt: '', sampled: false });
  const prompts = posted.flatMap((message) =>
    message.type === 'ask' ? [message.question.prompt] : [],
  );
  expect(prompts[0]).toEqual(codec.encode('fox '.repeat(40)).slice(-8));
  expect(prompts[1]).toEqual([codec.bos]);
  expect(talk.exchange.value).not.toHaveProperty('cut');
});

test('an answer that ends where the model reads no more says so', async () => {
  const { questions, talk } = await opened();
  talk.ask({ prompt: 'The fox', sampled: false });
  questions.hear(1, { type: 'end', by: 'tuned', step: 7, cut: 'room' });
  questions.hear(1, { type: 'end', by: 'frozen', step: 7 });
  expect(talk.exchange.value?.tuned).toEqual({ text: '', done: true, step: 7, cut: 'room' });
  expect(talk.exchange.value?.frozen).toEqual({ text: '', done: true, step: 7 });
});

test('a model of chats is asked as the template writes the data, and a long question whole', async () => {
  const { codec, posted, talk } = await opened(16, {
    lead: [{ role: 'system', content: 'Be brief.' }],
  });
  talk.ask({ prompt: 'Why?', sampled: false });
  talk.ask({ prompt: 'fox '.repeat(40), sampled: false });
  const [first = [], long = []] = posted.flatMap((message) =>
    message.type === 'ask' ? [message.question.prompt] : [],
  );
  const template = await openChatTemplate(codec);
  const { ids, asked } = template.encode([
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Why?' },
    { role: 'assistant', content: 'So.' },
  ]);
  expect(first).toEqual(ids.slice(0, asked.indexOf(true)));
  expect(codec.decode(long)).toContain('Be brief.');
  expect(talk.exchange.value).toMatchObject({ isChat: true });
  expect(talk.exchange.value).not.toHaveProperty('cut');
});

test('what the template refuses is told, and not put', async () => {
  const { posted, talk } = await opened(64, { lead: [{ role: 'user', content: 'Who?' }] });
  talk.ask({ prompt: 'Why?', sampled: false });
  expect(posted).toEqual([]);
  for (const by of ['frozen', 'tuned'] as const)
    expect(talk.exchange.value?.[by]).toMatchObject({
      done: true,
      refused: expect.stringContaining('the chat template refuses the chat'),
    });
});

test('beginnings are what stands before an answer, else the first words, of texts held out first', async () => {
  const { codec } = await opened();
  const all = (text: string) => {
    const ids = codec.encode(text);
    return { ids, asked: ids.map(() => true) };
  };
  const chat = all('Question: why? Because');
  const answered = { ids: chat.ids, asked: chat.ids.map((_, at) => at >= chat.ids.length - 2) };
  const plan = { heldout: [answered], training: [all('one two three four five'), all('six')] };
  const [first, ...others] = beginningsOf(plan, codec, false);
  expect(first).toMatch(/^Question: why\?/);
  expect(first).not.toContain('Because');
  expect(others).toEqual(['one two three four', 'six']);
  const asked = { heldout: [{ ...answered, question: 'Why?' }], training: plan.training };
  expect(beginningsOf(asked, codec, true)).toEqual(['Why?']);
});
