import { words as units } from '../messages/units.de.ts';
import type { happenedWords } from './happened.en.ts';

const { bytes, count, milliseconds, number } = units;
const steps = (n: number) => count(n, { one: 'Schritt', other: 'Schritten' });

export const words: ReturnType<typeof happenedWords> = {
  heading: (n) => `Was geschah (${number(n)})`,
  label: 'Was geschah, das Letzte zuerst',
  checkpoint: (step, size, ms) =>
    `Sicherungspunkt nach ${steps(step)}: ${bytes(size)} in ${milliseconds(ms)}.`,
  resumed: (step) => `Fortgesetzt vom Sicherungspunkt nach ${steps(step)}.`,
  lost: (step) => `Unterbrochen nach ${steps(step)}:`,
  refused: (step) => `Kein Sicherungspunkt nach ${steps(step)}:`,
};
