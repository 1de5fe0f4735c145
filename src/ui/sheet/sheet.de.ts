import { words as units } from '../messages/units.de.ts';
import type { sheetWords } from './sheet.en.ts';

const gigabytes = (bytes: number) =>
  `${units.number(bytes / 2 ** 30, { maximumSignificantDigits: 4 })} GiB`;

export const words: ReturnType<typeof sheetWords> = {
  title: 'Welche Modelle könnten hier lernen?',
  lead: 'Was veröffentlichte Modelle oder ein eigenes brauchen, um auf diesem Chip mit Adaptern nachtrainiert zu werden: Speicher Teil für Teil, was geteilt werden muss, und Zeit.',
  setup: 'Einstellungen',
  fields: {
    method: 'Gewichte',
    rank: 'Rang der Adapter',
    expansion: 'Blöcke an ihrer Stelle, Anteil',
    context: 'Token je Beispiel',
    batch: 'Beispiele je Schritt',
    optimizer: 'Optimierer',
    examples: 'Beispiele für die Zeit',
    memory: 'Speicher des Grafikchips, GiB',
  },
  optimizers: { adamw: 'AdamW, 32 Bit', adamw8bit: 'AdamW, 8 Bit' },
  quantZero: 'Nullpunkte der Gruppen in 8 Bit',
  quantScale: 'Skalen der Gruppen in 8 Bit',
  checkpointing: 'Checkpointing: Blöcke noch einmal rechnen statt behalten',
  choose: 'config.json wählen',
  hint: 'Die config.json eines Modells hier ablegen (Llama, Mistral, Qwen2, Qwen3), dann steht es vorn; sie bleibt auf diesem Rechner.',
  forget: 'Eigenes Modell weglassen',
  own: 'eigenes Modell',
  caption: 'Was jedes Modell braucht',
  columns: {
    model: 'Modell',
    parameters: 'Parameter',
    weights: 'Gewichte',
    adapters: 'Adapter oder neue Blöcke',
    optimizer: 'Gradienten und Optimierer',
    checkpointed: 'Aktivierungen mit Checkpointing',
    whole: 'Aktivierungen, behalten',
    total: 'Summe',
    room: 'Platz hier',
    splits: 'Geteilt in Stücke',
    fastest: 'Schnellste, s',
    slowest: 'Langsamste, s',
    refusal: 'Abgelehnt',
  },
  time: (examples) => `Zeit für ${units.count(examples, { one: 'Beispiel', other: 'Beispiele' })}`,
  rooms: {
    fits: 'passt',
    tight: 'passt knapp',
    'too-large': 'passt nicht',
    unknown: 'nicht bekannt',
  },
  madeFor: (tokens) => `gemacht für ${units.number(tokens)} Token`,
  csv: 'Tabelle als CSV sichern',
  copy: 'Link kopieren',
  copyRefused: 'Der Browser erlaubt das nicht: stattdessen die Adresse kopieren.',
  told: (bytes) => `Der Platz ist nach den angegebenen ${gigabytes(bytes)} beurteilt.`,
  device: (bytes, capped) =>
    `Der Platz ist nach dem Hauptspeicher dieses Rechners beurteilt, von dem der Browser ${capped ? 'höchstens ' : ''}${gigabytes(bytes)} verrät: Ein Chip ohne eigenen Speicher kann etwa die Hälfte davon nehmen. Wie viel ein Chip mit eigenem Speicher hat, verrät kein Browser.`,
  untold:
    'Dieser Browser verrät nicht, wie viel Speicher es gibt: oben angeben oder mit dem vergleichen, was der Rechner hat.',
  basis: 'Worauf das beruht',
  memoryBasis:
    'Der Speicher ist aus Formen berechnet, so wie ihn der Rechenkern dieser Seite hält: lineare Schichten genau nach der Methode mit ihren üblichen Gruppen; Einbettung und Ausgabeschicht in 16 Bit; Normen und Bias in 32; Adapter an jeder linearen Schicht eines Blocks, mit Gradienten, in 32 Bit. Aktivierungen sind das Meiste, was ein Schritt hält, in 32 Bit, nach oben geschätzt. Gewichte anderer Methoden als nf4 und fp4 stehen neben ihren Adaptern noch einmal in 32 Bit da, solange ihr Block es tut; was das Entschlüsseln unterwegs braucht, fehlt. Momente in 8 Bit sind die von bitsandbytes.',
  speedBasis: (cases, slowest, fastest) =>
    `Die Zeit ist die aus den Formen der Schichten berechnete Arbeit, geteilt durch das Tempo von ${units.number(cases)} hier gemessenen Produkten mit 4-Bit-Gewichten: ${slowest} bis ${fastest} Milliarden Rechnungen pro Sekunde. Andere Methoden, Attention, Ausgabeschicht und Optimierer sind als gleich schnell angenommen; Entschlüsseln, Lesen der Daten und Anlaufen fehlen. Es ist eine Schätzung, und ein wirklicher Lauf kann länger dauern.`,
  noSpeed: 'Das Tempo wird nach einem ganzen Lauf gemessen, oder auf Wunsch.',
  limits: (binding, buffer) =>
    `Eine Bindung darf hier ${gigabytes(binding)} fassen (maxStorageBufferBindingSize), ein Puffer ${gigabytes(buffer)} (maxBufferSize). Das sind Grenzen eines einzelnen Stücks, nicht der vorhandene Speicher: Was größer ist, muss geteilt werden.`,
  noLimits: 'Hier ist kein Adapter, also ist von seinen Grenzen nichts bekannt.',
  notOffered: 'Gradproof zeigt, dass die Rechnungen stimmen; diese Modelle bringt es nicht mit.',
};
