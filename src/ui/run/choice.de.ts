import { words as units } from '../messages/units.de.ts';
import type { choiceWords } from './choice.en.ts';

export const words: ReturnType<typeof choiceWords> = {
  nothingChosen: (query) =>
    `Zu „${query}“ passt keine Prüfung, also lief nichts: die Einzelheiten sagen, warum.`,
  otherTier: (query, own, { tier, found }) =>
    `Zu „${query}“ passt keine Prüfung der Stufe ${own}; in der Stufe ${tier} ${units.form(found, { one: 'passt', other: 'passen' })} ${units.count(found, { one: 'Prüfung', other: 'Prüfungen' })}.`,
  takeTier: (tier) => `Stufe ${tier} wählen`,
};
