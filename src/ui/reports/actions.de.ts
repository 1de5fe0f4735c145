import type { actionsWords } from './actions.en.ts';

export const words: ReturnType<typeof actionsWords> = {
  share: 'Teilen …',
  saveReport: 'Bericht speichern',
  compareRun: 'Vergleichen …',
};
