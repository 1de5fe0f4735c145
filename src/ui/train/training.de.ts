import { words as units } from '../messages/units.de.ts';
import type { trainingWords } from './training.en.ts';

const nats = (loss: number) =>
  units.number(loss, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const steps = (count: number) => units.count(count, { one: 'Schritt', other: 'Schritten' });

export const words: ReturnType<typeof trainingWords> = {
  lead: 'Es liest den Text Byte für Byte und lernt, das nächste vorherzusagen, auf der GPU dieses Rechners: wie der Text geschrieben ist, nicht was er bedeutet. Dabei zeigt sich, ob es lernt und wie schnell. Der Text bleibt hier.',
  howLong: 'Wie lange',
  presets: {
    short: {
      name: 'Ein kurzer Blick',
      what: (count) =>
        `${units.number(count)} Schritte: Fängt es an zu lernen? Oft zu wenige für eine Antwort.`,
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
  measured:
    'Erst drei Sekunden lang messen, welche unserer Kernel hier am schnellsten sind, und mit diesen trainieren',
  measuring: 'Es wird gemessen, welche Kernel hier am schnellsten sind …',
  start: 'Starten',
  again: 'Noch einmal',
  pause: 'Unterbrechen',
  pausing: 'Wird unterbrochen …',
  goOn: 'Weiter',
  stop: 'Beenden',
  stopping: 'Wird beendet …',
  pausedAt: (step) => `Unterbrochen nach ${steps(step)}: Der Chip hat nichts zu tun.`,
  progress: 'Fortschritt des Nachtrainierens',
  phases: {
    label: 'Was der Lauf tut',
    names: {
      preparing: 'Vorbereiten',
      learning: 'Lernen',
      sample: 'Kostprobe',
      frozen: 'Vergleich mit einer eingefrorenen Kopie',
      examining: 'Suche nach der Ursache',
    },
    why: {
      preparing: 'Das eingefrorene Modell in 4 Bits wird erzeugt und geprüft.',
      learning: 'Es macht seine Schritte; der erste und jeder hundertste werden nachgerechnet.',
      sample: 'Es schreibt nach einem Anfang weiter, den es nie gesehen hat.',
      frozen: 'Dieselben Schritte ohne Lernen: Was sie ändern, ist nicht gelernt.',
      examining:
        'Etwas ist nicht, wie es sein muss: Etwa eine Minute lang werden Schritte wiederholt und geprüft, um die Ursache zu finden.',
    },
    skip: 'Überspringen',
  },
  figures: {
    label: 'In Zahlen',
    text: 'Text',
    trainable: 'Trainierte Parameter',
    frozen: 'Eingefrorene Parameter',
    memory: 'Speicher, bisher höchstens',
    memoryNow: 'Speicher jetzt',
    loss: 'Verlust',
    step: 'Ein Schritt dauert (Median)',
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
    learnt: 'Ja: Nachtrainieren geht hier.',
    learntSlowly: 'Ja, aber langsam: Nachtrainieren geht hier.',
    slow: 'Gerechnet hat Software, ohne GPU: Das Ergebnis zählt, das Tempo nicht.',
    what: 'Das Modell hat gelernt, welches Byte in diesem Text auf welche folgt: wie er geschrieben ist, nicht was er bedeutet.',
    frequencies:
      'Das Modell hat gelernt, wie oft jedes Byte in diesem Text vorkommt, noch nicht, welches auf welches folgt: Das lehren ein längerer Text oder mehr Schritte.',
    tooShort: (count, learns) =>
      `${learns ? 'Es lernt, aber nach' : 'Noch nicht: Nach'} ${steps(count)} ist es zu früh für eine Antwort.`,
    provesNothing: 'Bewiesen ist also nichts. Der übliche Lauf gibt eine Antwort.',
    notLearnt: 'Nein: Dieser Lauf hat nicht gelernt, wie er sollte.',
    broke: 'Nein: Dieser Lauf kam nicht zu Ende.',
    fell: (before, after, unigram) =>
      `Auf dem Teil des Textes, den es nie gesehen hat, ${after < before ? 'fiel' : 'ging'} der Verlust von ${nats(before)} auf ${nats(after)} Nats pro Byte${
        unigram === undefined ? '.' : `; Buchstabenhäufigkeiten allein erreichen ${nats(unigram)}.`
      }`,
    judged: (count) =>
      count === 1
        ? '1 Schritt wurde mit doppelter Genauigkeit nachgerechnet und stimmte.'
        : `${units.number(count)} Schritte wurden mit doppelter Genauigkeit nachgerechnet und stimmten.`,
    measured: (stepMs, peakBytes) =>
      `${units.milliseconds(stepMs)} je Schritt (Median), höchstens ${units.bytes(peakBytes)} Speicher, beides gemessen.`,
  },
};
