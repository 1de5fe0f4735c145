import type { actionsWords } from './actions.en.ts';

export const words: ReturnType<typeof actionsWords> = {
  copyLink: 'Link kopieren …',
  saveReport: 'Bericht speichern',
  compareRun: 'Vergleichen …',
};
