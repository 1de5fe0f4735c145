import type { historyWords } from './history.en.ts';

export const words: ReturnType<typeof historyWords> = {
  runGone: (id) => `Der Lauf ${id} ist hier nicht mehr behalten: bitte einen anderen wählen.`,
};
