import { type Forms, speech } from '../messages/speech.ts';
import type { SpokenSpan } from '../run/pace.ts';
import type { progressWords } from './progress.en.ts';

const de = speech('de');
const checks = (count: number) => de.count(count, { one: 'Prüfung', other: 'Prüfungen' });

const spans: Readonly<Record<SpokenSpan['unit'], Forms>> = {
  second: { one: 'Sekunde', other: 'Sekunden' },
  minute: { one: 'Minute', other: 'Minuten' },
  hour: { one: 'Stunde', other: 'Stunden' },
};

export const words: ReturnType<typeof progressWords> = {
  starting: 'Start: Die ersten Programme werden übersetzt',
  checks: (done, total) => `${de.number(done)} von ${checks(total)}`,
  recordings: (done, total) =>
    `${de.number(done)} von ${de.count(total, { one: 'Aufzeichnung', other: 'Aufzeichnungen' })}`,
  weights: (done, total) =>
    `${de.number(done)} von ${de.count(total, { one: 'Gewicht', other: 'Gewichten' })}`,
  steps: (done, total) =>
    `${de.number(done)} von ${de.count(total, { one: 'Schritt', other: 'Schritten' })}`,
  works: (done, total) =>
    `${de.number(done)} von ${de.count(total, { one: 'Aufgabe', other: 'Aufgaben' })}`,
  measurements: (done, total) =>
    `${de.number(done)} von ${de.count(total, { one: 'Messung', other: 'Messungen' })}`,
  left: ({ low, high, unit }) =>
    `noch ${low === high ? 'etwa ' : `${de.number(low)} bis `}${de.count(high, spans[unit])}`,
};
