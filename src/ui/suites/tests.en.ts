import { words } from '../messages/words.ts';

/** Reports of tests, and those that are none. */
export const testsWords = words('tests', {
  notTests: (name: string) =>
    `${name} is a report, but not of tests: npm test -- --report FILE writes one.`,
  areTests: (name: string) =>
    `${name} is a report of tests, which are not compared: drop it on the page, and the view of the suites shows it.`,
});
