import { PROBE_WORDS } from '../../report/probe-facts.ts';
import { words } from '../messages/words.ts';

/** How a chip computes, as the probe finds it, and what that means. */
export const arithmeticWords = words('arithmetic', {
  title: 'How this chip computes',
  caption: 'Found by computing, before the first check.',
  what: 'What',
  here: 'Here',
  means: 'For the verdicts',
  words: PROBE_WORDS,
});
