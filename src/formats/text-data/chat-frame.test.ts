import { expect, test } from 'vitest';
import { chatFrame, questionOf } from './chat-frame.ts';
import type { Lesson } from './lesson.ts';

const SYSTEM = { role: 'system', content: 'Be brief.' };
const user = (content: unknown) => ({ role: 'user', content });
const ANSWER = { role: 'assistant', content: 'Yes.' };
const chat = (...messages: readonly { readonly role: string }[]): Lesson => ({
  ...{ kind: 'chat', messages },
});

test('the question of a chat is what is said before its first answer, and of no other lesson', () => {
  expect(questionOf(chat(SYSTEM, user('Why?'), ANSWER, user('How?'), ANSWER))).toBe('Why?');
  const prompt = [user('Why?')];
  expect(questionOf({ kind: 'chat-completion', prompt, completion: [ANSWER] })).toBe('Why?');
  expect(questionOf(chat(user('Why?'), user('And how?'), ANSWER))).toBeUndefined();
  expect(questionOf(chat(user([{ type: 'image' }]), ANSWER))).toBeUndefined();
  expect(questionOf({ kind: 'document', text: 'Why?' })).toBeUndefined();
});

test('what all chats have around their questions is told, and nothing in which they differ', () => {
  const tools = [{ name: 'clock' }];
  const first = { ...chat(SYSTEM, user('Why?'), ANSWER), tools } as Lesson;
  const second = { ...chat(SYSTEM, user('How?'), ANSWER), tools } as Lesson;
  expect(chatFrame([first, second])).toEqual({ lead: [SYSTEM], tools });
  expect(chatFrame([first, chat(user('Who?'), ANSWER)])).toEqual({ lead: [] });
  expect(chatFrame([{ kind: 'document', text: 'Why?' }])).toBeUndefined();
});
