import { words as units } from '../messages/units.de.ts';
import type { forecastWords } from './forecast.en.ts';

const gigabytes = (bytes: number) =>
  units.number(bytes / 2 ** 30, {
    style: 'unit',
    unit: 'gigabyte',
    unitDisplay: 'short',
    maximumSignificantDigits: 2,
  });

export const words: ReturnType<typeof forecastWords> = {
  title: 'Welche Modelle könnten hier lernen?',
  lead: 'QLoRA: Gewichte in 4 Bit, ein kleiner Adapter wird trainiert. Was jede Größe braucht, ist berechnet:',
  size: 'Modell',
  memory: 'Speicher',
  room: 'Platz hier',
  time: '1.000 Trainingsschritte',
  parameters: (size) => `${size.replace('B', '\u00a0Mrd.').replace(/\.(?=\d)/, ',')} Parameter`,
  like: (example) => `etwa ${example}`,
  rooms: {
    fits: 'passt',
    tight: 'passt knapp',
    'too-large': 'passt nicht',
    unknown: 'nicht bekannt',
  },
  split: 'die größte Tabelle wird geteilt',
  measure: 'Tempo messen',
  measuring: 'Das Tempo wird gemessen, etwa zehn Sekunden …',
  measureFailed: (reason) => `Das Tempo ließ sich nicht messen: ${reason}`,
  memoryField: 'Speicher des Grafikchips in GB, falls bekannt',
  memoryWrong: 'Eine Zahl von Gigabyte, etwa 8 oder 24.',
  told: (bytes) => `Beurteilt nach den angegebenen ${gigabytes(bytes)}.`,
  device: (bytes, capped) =>
    `Beurteilt nach dem Hauptspeicher dieses Rechners, von dem der Browser ${capped ? 'höchstens ' : ''}${gigabytes(bytes)} verrät: Ein Chip ohne eigenen Speicher kann etwa die Hälfte davon nehmen. Wie viel ein Chip mit eigenem Speicher hat, verrät kein Browser.`,
  untold:
    'Dieser Browser verrät nicht, wie viel Speicher es gibt: oben angeben oder mit dem vergleichen, was der Rechner hat.',
  basis: 'Worauf das beruht',
  memoryBasis: (tokens, rank) =>
    `Der Speicher ist aus den veröffentlichten Formen der Modelle berechnet, nicht gemessen: Gewichte in 4 Bit mit einem 32-Bit-Maßstab für je 64 davon (0,5625 Byte je Gewicht); Einbettung und Ausgabeschicht in 16 Bit; LoRA-Adapter vom Rang ${rank} an jeder linearen Schicht mit Gradienten und beiden Momenten von AdamW in 32 Bit (16 Byte je Zahl); eine Folge von ${units.number(tokens)} Token, von der jede Schicht ihre Eingabe behält und den Rest noch einmal rechnet.`,
  speedBasis: (cases, slowest, fastest) =>
    `Die Zeit ist die berechnete Arbeit eines Schritts, geteilt durch das Tempo von ${units.number(cases)} hier gemessenen Produkten mit 4-Bit-Gewichten: ${slowest} bis ${fastest} Milliarden Rechnungen pro Sekunde. Attention, Ausgabeschicht und Optimierer sind als gleich schnell angenommen; Lesen der Daten und Anlaufen fehlen. Es ist eine Schätzung, und ein wirklicher Lauf kann länger dauern.`,
  noSpeed: 'Das Tempo wird nach einem ganzen Lauf gemessen, oder auf Wunsch.',
  limits: (binding, buffer) =>
    `Ein Speicherstück darf hier ${gigabytes(binding)} fassen (maxStorageBufferBindingSize; ein Puffer ${gigabytes(buffer)}, maxBufferSize). Das sind Grenzen eines einzelnen Stücks, nicht der vorhandene Speicher. Die größte Tabelle eines Modells wird geteilt, wo sie größer ist.`,
  notOffered: 'Gradproof zeigt, dass die Rechnungen stimmen; diese Modelle bringt es nicht mit.',
};
