import { words as units } from '../messages/units.de.ts';
import type { sharedWords } from './shared.en.ts';

const { number, count, percent } = units;

export const words: ReturnType<typeof sharedWords> = {
  title: 'Ein geteiltes Ergebnis',
  runHere: 'Hier ausführen',
  compare: 'Vergleichen',
  vouch:
    'Das wurde auf einem anderen Rechner oder zu einer anderen Zeit gemessen. Mehr als diesen Link gibt es nicht: Niemand bürgt dafür.',
  called: 'Genannt',
  computer: 'Rechner',
  cores: (cores) => count(cores, { one: 'Kern', other: 'Kerne' }),
  when: 'Wann',
  madeWith: 'Gemacht mit',
  checks: 'Die Prüfungen',
  right: (right, all) => `${number(right)} von ${number(all)} richtig`,
  beyondBounds: 'von der Schranke genutzt: über 90 Schranken',
  littleOfBound: 'von der Schranke genutzt: unter 0,1\u202f%',
  mostOfBound: (share) => `von der Schranke genutzt: höchstens ${percent(share)}`,
};
