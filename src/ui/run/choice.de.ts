import type { choiceWords } from './choice.en.ts';

export const words: ReturnType<typeof choiceWords> = {
  nothingChosen: (query) =>
    `Zu „${query}“ passt keine Prüfung, also lief nichts: die Einzelheiten sagen, warum.`,
};
