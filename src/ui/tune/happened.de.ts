import { words as units } from '../messages/units.de.ts';
import type { happenedWords } from './happened.en.ts';

const { bytes, count, milliseconds, number, percent } = units;
const precise = (rate: number) => number(rate, { maximumSignificantDigits: 3 });
const wentBack = (to: number) => (to === 0 ? 'zurück zum Anfang' : `zurück nach ${steps(to)}`);
const steps = (n: number) => count(n, { one: 'Schritt', other: 'Schritten' });

export const words: ReturnType<typeof happenedWords> = {
  heading: (n) => `Was geschah (${number(n)})`,
  label: 'Was geschah, das Letzte zuerst',
  checkpoint: (step, size, ms, share) =>
    `Sicherungspunkt nach ${steps(step)}: ${bytes(size)} in ${milliseconds(ms)}; alle bisher kosteten ${percent(share)} der Zeit.`,
  resumed: (step, writtenBy) =>
    `${step === 0 ? 'Neu begonnen.' : `Fortgesetzt vom Sicherungspunkt nach ${steps(step)}.`}${
      writtenBy === undefined
        ? ''
        : ` Geschrieben von ${writtenBy}: Bits dieser Version können andere sein.`
    }`,
  sinkLost: (step) =>
    `Nach ${steps(step)} wurde das Protokoll nicht angenommen; es wird später gesendet:`,
  lost: (step) => `Unterbrochen nach ${steps(step)}:`,
  refused: (step) => `Kein Sicherungspunkt nach ${steps(step)}:`,
  leftOut: (step) => `Ein Sicherungspunkt nach mehr als ${steps(step)} wird übergangen:`,
  skipped: (step, numbers, place, lossScale) =>
    `Schritt ${number(step)} ausgelassen: ${count(numbers, { one: 'Zahl', other: 'Zahlen' })} der Gradienten nicht endlich, zuerst ${place}${
      lossScale === undefined
        ? ''
        : ` (Verlust mal ${number(lossScale)}, für den nächsten halbiert)`
    }.`,
  nonfinite: (step, to, rate) =>
    `Gradienten blieben bis Schritt ${number(step)} nicht endlich: ${wentBack(to)}, mit Lernrate ${precise(rate)}.`,
  exploded: (step, to, rate) =>
    `Der Verlust explodierte bis Schritt ${number(step)}: ${wentBack(to)}, mit Lernrate ${precise(rate)}.`,
  workerLost: (step, rank, to) =>
    `Arbeiter ${number(rank)} in Schritt ${number(step)} verloren, alle ${wentBack(to)}:`,
  halved: (step, to, texts, parts) =>
    `Speicher reichte in Schritt ${number(step)} nicht: ${wentBack(to)}, jeder Schritt nun in ${count(parts, { one: 'Teil', other: 'Teilen' })} zu ${count(texts, { one: 'Text', other: 'Texten' })}.`,
};
