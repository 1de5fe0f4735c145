import { words as units } from '../messages/units.de.ts';
import type { trainingWords } from './training.en.ts';

const nats = (loss: number) =>
  units.number(loss, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const steps = (count: number) => units.count(count, { one: 'Schritt', other: 'Schritten' });

export const words: ReturnType<typeof trainingWords> = {
  title: 'Einem kleinen Modell den eigenen Text beibringen',
  lead: 'Es liest den Text Buchstabe für Buchstabe und lernt, den nächsten zu erraten, auf dem Grafikchip dieses Rechners. Dabei zeigt sich, ob es lernt und wie schnell. Der Text bleibt hier.',
  howLong: 'Wie lange',
  presets: {
    short: {
      name: 'Ein kurzer Blick',
      what: (count) => `${units.number(count)} Schritte: Fängt es an zu lernen?`,
    },
    usual: {
      name: 'Der übliche Lauf',
      what: (count) => `${units.number(count)} Schritte: genug für eine Antwort.`,
    },
    long: {
      name: 'Ein gründlicher Lauf',
      what: (count) => `${units.number(count)} Schritte: Wie weit kommt es?`,
    },
    own: { name: 'Eigene Anzahl', what: '' },
  },
  steps: 'Schritte',
  stepsWrong: (most) => `Gebraucht wird eine ganze Zahl von 1 bis ${units.number(most)}.`,
  takes: (bytes) => `Braucht nach Rechnung etwa ${units.bytes(bytes)} Grafikspeicher.`,
  tooShort: (bytes) => `Gebraucht wird ein Text ab ${units.bytes(bytes)}.`,
  start: 'Starten',
  again: 'Noch einmal',
  pause: 'Unterbrechen',
  pausing: 'Wird unterbrochen …',
  goOn: 'Weiter',
  stop: 'Beenden',
  stopping: 'Wird beendet …',
  pausedAt: (step) => `Unterbrochen nach ${steps(step)}: Der Chip hat nichts zu tun.`,
  progress: 'Fortschritt des Nachtrainierens',
  figures: {
    label: 'In Zahlen',
    text: 'Text',
    trainable: 'Lernende Zahlen',
    frozen: 'Feste Zahlen',
    memory: 'Speicher, geschätzt',
    memoryNow: 'Speicher jetzt',
    loss: 'Verlust',
    step: 'Ein Schritt dauert',
    judged: 'Nachgerechnete Schritte',
    none: '…',
  },
  samples: {
    label: 'Kostproben',
    before: 'Vorher',
    after: 'Nachher',
    sample: (title) => `Kostprobe: ${title}`,
    lead: 'Was es nach demselben Anfang schreibt, den es nie gesehen hat:',
  },
  save: (name) => `${name} speichern`,
  saveReport: 'Bericht speichern',
  files: 'Was es gelernt hat, als Dateien',
  filesLead:
    'Beide zusammen sind ein LoRA-Adapter, wie PEFT ihn ablegt: PEFT, bitsandbytes und die Brücke dieses Projekts lesen ihn.',
  verdict: {
    stopped: (step) => `Beendet nach ${steps(step)}.`,
    startAgain: 'Ein neuer Lauf gibt die Antwort.',
    fell: (before, after, unigram) =>
      `Auf dem Teil des Textes, den es nie gesehen hat, fiel seine Überraschung von ${nats(before)} auf ${nats(after)} Nats pro Byte${
        unigram === undefined ? '.' : `; Buchstabenzählen allein erreicht ${nats(unigram)}.`
      }`,
    speed: (ms, bytes) => `${units.milliseconds(ms)} je Schritt, ${units.bytes(bytes)} Speicher.`,
    judged: (count) =>
      `${units.number(count)} seiner Schritte wurden mit doppelter Genauigkeit nachgerechnet und stimmten.`,
    learnt: 'Ja: Es hat den Text gelernt, und richtig gelernt.',
    notLearnt: 'Nein: Dieser Lauf hat nicht gelernt, wie er sollte.',
    tooEarly: (step, learns) =>
      `${learns ? 'Es lernt, aber nach' : 'Noch nicht: Nach'} ${steps(step)} ist es zu früh für eine Antwort.`,
    tryUsual: 'Was davon nachgerechnet wurde, stimmt. Der übliche Lauf gibt eine Antwort.',
    noReason: 'ohne Angabe von Gründen',
  },
};
