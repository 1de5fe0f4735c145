import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const { count } = units;

/** Asking the model of a run. */
export const askWords = words('ask', {
  heading: 'Ask it',
  prompt: 'The beginning of a text, which the model writes on',
  suggestions: 'Beginnings to try',
  how: 'Next token',
  greedy: 'the likeliest',
  sampled: 'drawn',
  ask: 'Write on',
  frozen: 'Before',
  tuned: 'Now',
  tunedAfter: (step: number) => `After ${count(step, { one: 'step', other: 'steps' })}`,
  answer: (title: string) => `Answer: ${title}`,
  writing: '…',
  empty: '(nothing: the text ends here)',
  notYet: 'It answers once the model is loaded.',
  over: 'The talk is over: start again to ask it.',
});
