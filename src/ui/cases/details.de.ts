import type { detailsWords } from './details.en.ts';

export const words: ReturnType<typeof detailsWords> = {
  title: 'Einzelheiten',
  find: 'Prüfungen in den Einzelheiten auswählen',
};
