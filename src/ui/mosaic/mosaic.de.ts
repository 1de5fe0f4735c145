import type { Family } from '../../report/families.ts';
import type { SquareState } from '../../report/mosaic.ts';
import { words as units } from '../messages/units.de.ts';
import type { mosaicWords } from './mosaic.en.ts';

const doing: Readonly<Record<Family, string>> = {
  products: 'Matrizen werden multipliziert',
  lora: 'eine Schicht wird mit LoRA angepasst',
  'few-bits': 'es wird mit Gewichten aus wenigen Bits gerechnet',
  ternary: 'es wird mit Gewichten aus -1, 0 und 1 gerechnet',
  attention: 'Attention wird berechnet',
  layers: 'Schichten und Fehlermaße werden berechnet',
  arithmetic: 'Zahlen werden addiert, verglichen und gerundet',
  optimizers: 'Gewichte werden erneuert, wie Optimierer es tun',
  training: 'kleine Netze werden trainiert',
  data: 'Daten werden gelesen und geschrieben',
  refusals: 'falsche und extreme Eingaben werden versucht',
  device: 'Speicher und Tempo werden gemessen',
  recordings: 'es wird mit anderen Bibliotheken verglichen',
  other: 'andere Prüfungen laufen',
};

const states: Readonly<Record<SquareState, string>> = {
  wrong: 'falsch',
  right: 'richtig',
  expected: 'wie bekannt gescheitert',
  skipped: 'übersprungen',
  running: 'in Arbeit',
  waiting: 'noch offen',
};

export const words: ReturnType<typeof mosaicWords> = {
  title: 'Jede Prüfung',
  legend: 'Was die Quadrate bedeuten',
  families: {
    products: 'Produkte von Matrizen',
    lora: 'LoRA-Adapter',
    'few-bits': 'Gewichte in 4, 8 und 16 Bit',
    ternary: 'Ternäre Gewichte',
    attention: 'Attention-Mechanismus',
    layers: 'Schichten und Fehlermaße',
    arithmetic: 'Arithmetik',
    optimizers: 'Optimierer',
    training: 'Gradienten und Training',
    data: 'Daten und Dateien',
    refusals: 'Falsche und extreme Eingaben',
    device: 'Speicher und Tempo',
    recordings: 'Aufzeichnungen von Bibliotheken',
    other: 'Sonstiges',
  },
  unnamed: 'Prüfungen, die hier nicht benannt sind',
  states,
  counted: (count, state) => `${units.number(count)} ${states[state]}`,
  now: (family) => `Jetzt: ${doing[family]}`,
  hint: 'Ein Quadrat ist eine Prüfung: Ein Klick oder die Eingabetaste öffnet sie.',
};
