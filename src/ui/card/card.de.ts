import { words as units } from '../messages/units.de.ts';
import type { cardWords } from './card.en.ts';

export const words: ReturnType<typeof cardWords> = {
  title: 'Ein Bild für einen Chat',
  save: 'Karte speichern',
  copy: 'Karte kopieren',
  refused: 'Der Browser lässt die Seite kein Bild kopieren: Speichern geht trotzdem.',
  takes: 'Speicher, den Nachtrainieren in 4 Bit braucht, nach Größe des Modells',
  checks: (checks) =>
    `${units.count(checks, { one: 'Prüfung', other: 'Prüfungen' })}, je ein Quadrat`,
  more: (more) => `und ${units.number(more)} weitere`,
};
