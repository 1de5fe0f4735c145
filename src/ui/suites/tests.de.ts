import type { testsWords } from './tests.en.ts';

export const words: ReturnType<typeof testsWords> = {
  notTests: (name) =>
    `${name} ist ein Bericht, aber nicht über Tests: npm test -- --report DATEI schreibt einen.`,
  areTests: (name) =>
    `${name} ist ein Bericht über Tests, und die werden nicht verglichen: Zieh ihn auf die Seite, und die Ansicht der Suiten zeigt ihn.`,
};
