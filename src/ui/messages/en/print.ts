import { units } from './units.ts';

/** What stands on paper alone. */
export const print = {
  suites: 'Checks by suite',
  columns: ['Suite', 'Checks', 'Right', 'Wrong', 'Skipped'],
  wrong: 'What is not right',
  more: (count: number) => `${units.number(count)} more: a saved report has all of them.`,
  where: 'Where and when',
};
