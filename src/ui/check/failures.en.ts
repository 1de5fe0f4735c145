import { causeWords } from '../../report/causes.ts';
import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

/** What is wrong, by cause, each with the way to it. */
export const failuresWords = words('failures', {
  label: 'What is wrong',
  cause: causeWords,
  more: (count: number) => `Show ${units.number(count)} more in the details`,
});
