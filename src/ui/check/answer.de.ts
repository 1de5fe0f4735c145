import type { Counted } from '../app/subject.ts';
import type { Forms } from '../messages/speech.ts';
import { words as units } from '../messages/units.de.ts';
import type { answerWords } from './answer.en.ts';

const CHECKS: Forms = { one: 'Prüfung', other: 'Prüfungen' };
const NOUNS: Readonly<Record<Counted, Forms>> = {
  plan: CHECKS,
  checks: CHECKS,
  recordings: { one: 'Aufzeichnung', other: 'Aufzeichnungen' },
  weights: { one: 'Gewicht', other: 'Gewichte' },
  trainings: { one: 'Trainingslauf', other: 'Trainingsläufe' },
};
/** After „von“ and „nach“. */
const DATIVE: typeof NOUNS = {
  ...NOUNS,
  weights: { one: 'Gewicht', other: 'Gewichten' },
  trainings: { one: 'Trainingslauf', other: 'Trainingsläufen' },
};
const FIRST: Readonly<Record<Counted, string>> = {
  plan: 'die erste Prüfung',
  checks: 'die erste Prüfung',
  recordings: 'die erste Aufzeichnung',
  weights: 'das erste Gewicht',
  trainings: 'der erste Trainingslauf',
};
const counted = (count: number, subject: Counted) => units.count(count, NOUNS[subject]);
const of = (part: number, all: number, subject: Counted) =>
  `${units.number(part)} von ${units.count(all, DATIVE[subject])}`;
const verb = (count: number, one: string, other: string) => units.form(count, { one, other });

const named = (parts: readonly string[], more: number) =>
  more > 0 ? `${parts.join(', ')} und ${units.number(more)} weitere` : units.list(parts);

export const words: ReturnType<typeof answerWords> = {
  label: 'Antwort',
  right: (right, judged, subject) =>
    `${of(right, judged, subject)} ${verb(right, 'ist', 'sind')} richtig`,
  yes: (fraction) => `Ja: ${fraction}.`,
  yesSlowly: (fraction) => `Ja, aber langsam: ${fraction}.`,
  onProcessor: (fraction) => `${fraction}, auf dem Prozessor.`,
  no: (fraction) => `Nein: ${fraction}.`,
  plain: (fraction) => `${fraction}.`,
  wrong: (wrong, judged, subject) =>
    `${of(wrong, judged, subject)} ${verb(wrong, 'ist', 'sind')} falsch`,
  broke: (broke, judged, subject) =>
    `${of(broke, judged, subject)} ${verb(broke, 'konnte', 'konnten')} nicht zu Ende laufen`,
  wrongOrBroke: (wrong, judged, subject) =>
    `${of(wrong, judged, subject)} ${verb(wrong, 'ist falsch oder konnte', 'sind falsch oder konnten')} nicht zu Ende laufen`,
  slow: 'Der Grafikchip war nicht im Einsatz: Die Ergebnisse sind richtig, aber langsam.',
  look: (parts, more) =>
    `Hier nachsehen: ${named(parts, more)}. Die Einzelheiten sagen, welche Zahl falsch ist und um wie viel.`,
  wrongIn: (parts, more) => `Falsch ist etwas in: ${named(parts, more)}.`,
  cutShort: 'Der Lauf wurde vor seinem Ende angehalten.',
  nothingReplayed: 'Nichts wurde nachgerechnet.',
  nothingReadable:
    'Keine der Aufzeichnungen lässt sich lesen: Sie müssen neu aufgezeichnet werden.',
  stoppedBefore: (subject) => `Angehalten, bevor ${FIRST[subject]} zu Ende war.`,
  stoppedAfter: (passed, subject) =>
    `Angehalten nach ${units.count(passed, DATIVE[subject])}; bis dahin war alles richtig.`,
  noConclusion: 'Aus einem Teil folgt nichts. Ein ganzer Lauf gibt die Antwort.',
  nothingToRun: 'Es gab nichts zu tun.',
  nothingProved: 'Nichts wurde gezeigt.',
  allSkipped: (skipped, subject) =>
    `Nichts wurde gezeigt: ${counted(skipped, subject)} übersprungen.`,
  whySkipped: 'Die Einzelheiten sagen jeweils, warum.',
  expected: (count, subject) =>
    `${counted(count, subject)} ${verb(count, 'schlug', 'schlugen')} fehl, wie es für diesen Rechner bekannt ist.`,
  unexpected: (count, subject) =>
    `${counted(count, subject)} ${verb(count, 'gelang', 'gelangen')}, obwohl ein Fehlschlag bekannt war: Der Eintrag kann weg.`,
  took: (ms) => `Dauer: ${units.duration(ms)}.`,
  skipped: (count, subject) =>
    `${counted(count, subject)} ${verb(count, 'konnte', 'konnten')} nicht laufen und ${verb(count, 'wurde', 'wurden')} übersprungen.`,
  unproved: (count, subject) =>
    `${counted(count, subject)} ${verb(count, 'gelang', 'gelangen')} sogar mit dem Fehler, der zum Scheitern eingebaut war: Das beweist nichts.`,
  deviations: (count) =>
    `${counted(count, 'recordings')} ${verb(count, 'enthält einen Wert', 'enthalten Werte')}, bei ${verb(count, 'dem', 'denen')} die aufzeichnende Bibliothek selbst falsch liegt; unsere ${verb(count, 'ist', 'sind')} richtig.`,
  loose: (count) =>
    `${counted(count, 'recordings')} ${verb(count, 'stimmt', 'stimmen')} innerhalb einer Schranke überein, die Fehler durchließe.`,
};
