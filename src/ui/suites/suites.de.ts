import { words as units } from '../messages/units.de.ts';
import type { RowState } from './suite-rows.ts';
import type { suitesWords } from './suites.en.ts';

const { count, number } = units;
const tests = (all: number) => count(all, { one: 'Test', other: 'Tests' });

const states: Readonly<Record<RowState, string>> = {
  right: 'richtig',
  wrong: 'falsch',
  partly: 'zum Teil',
  skipped: 'übersprungen',
  'not-run': 'nicht gelaufen',
  planned: 'geplant',
};

export const words: ReturnType<typeof suitesWords> = {
  title: 'Die ursprünglichen Tests, einer nach dem anderen',
  lead: 'Dieses Projekt begann mit drei Testsuiten. Hier steht jeder ihrer Tests: was er dort tat, was hier Aussage für Aussage geprüft wird, und sein Ergebnis in diesem Lauf.',
  reading: 'Tests und Prüfungen werden gelesen …',
  totals: (all, covered, partly, planned) =>
    `${tests(all)}: ${number(covered)} ganz geprüft, ${number(partly)} zum Teil, ${number(planned)} geplant.`,
  nothingRan: {
    before: 'Noch ist nichts gelaufen: ',
    link: 'die Prüfungen starten',
    after: ', dann stehen die Ergebnisse hier.',
  },
  right:
    'Ein Test ist richtig, wenn es zu jeder Aussage eine Prüfung gibt, die in diesem Lauf richtig ist, und keine falsche.',
  suites: {
    fsdp: 'FSDP und QLoRA',
    tb: 'Transformer Builder',
    triton: 'Ternäre Sprache auf Triton',
  },
  counts: (suite) => `Wie die Tests von ${suite} stehen`,
  states,
  counted: (all, state) => `${number(all)} ${states[state]}`,
  did: {
    mock: ['bestand an einer Attrappe', 'Was er prüfen sollte, war durch eine Attrappe ersetzt.'],
    skipped: ['lief nicht', 'Er wurde übersprungen oder endete, bevor er etwas prüfte.'],
    nothing: ['prüfte nichts', 'Er prüfte nichts, was falsch sein kann.'],
    shape: ['prüfte eine Form', 'Er prüfte Formen oder ob etwas da ist, aber keine Werte.'],
    text: ['suchte in Text', 'Er suchte im Text von erzeugtem Code und führte ihn nicht aus.'],
    loose: ['prüfte lose', 'Was er prüfte, gilt auch für viele falsche Ergebnisse.'],
    real: ['prüfte Werte', 'Er prüfte etwas an echten Ergebnissen.'],
    named: ['nur genannt', 'Texte oder Code nennen ihn; die Suite hatte keinen Test dafür.'],
  },
  didThere: (did) => `dort: ${did}`,
  filter: {
    suite: 'Suite',
    allSuites: 'alle drei',
    state: 'Stand',
    allStates: 'jeder Stand',
    text: 'Wörter',
    placeholder: 'ein Name, eine Kennung, ein Wort einer Aussage',
  },
  found: (found, all) => `${number(found)} von ${tests(all)} zu sehen.`,
  openAll: 'Alle öffnen',
  closeAll: 'Alle schließen',
  unknownRow: (id) => `Der Link zeigt auf ${id}, und einen Test dieser Kennung gibt es hier nicht.`,
  there: 'Dort',
  here: 'Hier',
  sameAs: 'Prüft dasselbe wie',
  needs: 'Braucht',
  clauses: 'Aussage für Aussage',
  whole: 'Alle Aussagen auf einmal',
  copyLink: 'Link kopieren',
  redControl: 'schlug sichtbar fehl, wenn',
  greenControl: 'der eingebaute Fehler fiel nicht auf',
  kinds: { page: 'Test der Seite', command: 'Test der Kommandozeile', repository: 'Test' },
  noReport: 'kein Bericht über Tests ist offen',
  notInReport: 'nicht im Bericht',
  report: {
    title: 'Ergebnisse von Tests der Seite, der Kommandozeile und des Repositoriums',
    choose:
      'Ein Bericht, den npm test -- --report DATEI schrieb; er lässt sich auch auf die Seite ziehen',
    shown: (name, when) =>
      `Ergebnisse von Tests der Seite, der Kommandozeile und des Repositoriums: ${name}, ${when}.`,
    unknown: (count) => `Nicht in dieser Version und darum nicht gezeigt: ${tests(count)}.`,
    forget: 'Schließen',
  },
};
