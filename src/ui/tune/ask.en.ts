import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const { count, number } = units;

/** Asking the model of a run. */
export const askWords = words('ask', {
  heading: 'Ask it',
  prompt: 'The beginning of a text, which the model writes on',
  suggestions: 'Beginnings to try',
  question: 'A question, put to the model by its chat template, as in the data',
  questions: 'Questions to try',
  how: 'Next token',
  greedy: 'the likeliest',
  sampled: 'drawn',
  ask: 'Write on',
  put: 'Ask',
  frozen: 'Before',
  tuned: 'Now',
  tunedAfter: (step: number) => `After ${count(step, { one: 'step', other: 'steps' })}`,
  answer: (title: string) => `Answer: ${title}`,
  more: '…',
  empty: '(nothing: the text ends here)',
  cut: (read: number, tokens: number) =>
    `Too long: of its ${number(tokens)} tokens the model read the last ${number(read)}.`,
  full: 'It ends here.',
  room: (tokens: number, most: number) =>
    `This run reads ${number(tokens)} tokens at once, question and answer together: ask less${most > tokens ? `, or start with a larger max_length, up to ${number(most)}` : ''}.`,
  notYet: 'It answers once the model is loaded.',
  over: 'The talk is over: start again to ask it.',
});
