import { words as units } from '../messages/units.de.ts';
import type { printWords } from './print.en.ts';

export const words: ReturnType<typeof printWords> = {
  suites: 'Prüfungen nach Suiten',
  columns: ['Suiten', 'Prüfungen', 'Richtig', 'Falsch', 'Übersprungen'],
  wrong: 'Was nicht stimmt',
  more: (count) => `${units.number(count)} weitere: Ein gespeicherter Bericht enthält alle.`,
  where: 'Wo und wann',
};
