import { words as units } from '../messages/units.de.ts';
import type { trendWords } from './trend.en.ts';

const { count, number } = units;

const runs = (amount: number) => count(amount, { one: 'Lauf', other: 'Läufe' });

export const words: ReturnType<typeof trendWords> = {
  trend: 'Auf diesem Adapter und Browser',
  trendOf: {
    medianMs: 'Zeit jedes Laufs',
    boundUsed: 'Anteil der Schranke in jedem Lauf',
    status: 'Urteil jedes Laufs',
  },
  trendRuns: (amount, right) =>
    `${runs(amount)}, ${right === amount ? 'jedes Mal richtig' : `${number(right)}-mal richtig`}`,
  trendRange: (low, high, last) => `zwischen ${low} und ${high}, zuletzt ${last}`,
  trendColumns: { when: 'Wann', version: 'Gradproof', verdict: 'Urteil', value: 'Wert' },
  trendWrong: 'nicht bestanden',
};
