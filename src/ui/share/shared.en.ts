import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const { number, count, percent } = units;

/** Someone's result, read from a link. */
export const sharedWords = words('shared', {
  title: 'Someone’s result',
  runHere: 'Run it here',
  compare: 'Compare it',
  vouch:
    'This was measured on another computer, or at another time. There is no evidence but the link: the result is unverified.',
  called: 'Called',
  computer: 'Computer',
  cores: (cores: number) => count(cores, { one: 'core', other: 'cores' }),
  when: 'When',
  madeWith: 'Made with',
  checks: 'Its checks',
  right: (right: number, all: number) => `${number(right)} of ${number(all)} right`,
  beyondBounds: 'bound used: over 90 bounds',
  littleOfBound: 'bound used: under 0.1\u202f%',
  /** A link rounds the share up by at most 9 %. */
  mostOfBound: (share: number) => `bound used: at most ${percent(share)}`,
});
