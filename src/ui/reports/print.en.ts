import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

/** What stands on paper alone. */
export const printWords = words('print', {
  suites: 'Checks by suite',
  columns: ['Suite', 'Checks', 'Right', 'Wrong', 'Skipped'],
  wrong: 'What is not right',
  more: (count: number) => `${units.number(count)} more: a saved report has all of them.`,
  where: 'Where and when',
});
