import { words as units } from '../messages/units.de.ts';
import type { compareWords } from './compare.en.ts';

const { count, number } = units;

const checks = (amount: number) => count(amount, { one: 'Prüfung', other: 'Prüfungen' });
const are = (amount: number) => `${checks(amount)} ${amount === 1 ? 'ist' : 'sind'}`;
const sides = { before: 'Ergebnis A', after: 'Ergebnis B' } as const;
const setAs = { before: 'Als A setzen', after: 'Als B setzen' } as const;

export const words: ReturnType<typeof compareWords> = {
  title: 'Zwei Ergebnisse vergleichen',
  lead: 'Was sich zwischen zwei Läufen geändert hat: auf diesem Gerät behalten, aus einem Link, aus einer Berichtsdatei, oder ein Vergleichslauf, der mit dieser Seite kommt.',
  sides,
  setAs,
  choose: 'Einen Lauf wählen',
  chooseFirst: 'Wählen …',
  kept: 'Auf diesem Gerät behalten',
  baselines: 'Vergleichsläufe',
  paste: 'oder einen Link einfügen',
  read: 'Lesen',
  file: 'oder eine Berichtsdatei wählen',
  another: 'Ein anderes wählen',
  swap: 'Tauschen',
  reading: 'Wird gelesen …',
  refused: 'Dieses Ergebnis lässt sich nicht lesen.',
  fromLink: 'aus einem Link',
  processor: (chip) => `${chip}, ein Prozessor`,
  tally: (right, wrong, skipped) =>
    [
      `${number(right)} richtig`,
      ...(wrong > 0 ? [`${number(wrong)} falsch`] : []),
      ...(skipped > 0 ? [`${number(skipped)} übersprungen`] : []),
    ].join(', '),
  waiting: 'Sobald zwei Ergebnisse gewählt sind, steht hier, was sich geändert hat.',

  outcome: 'Was sich geändert hat',
  nothingShared: 'Diese beiden Ergebnisse haben keine Prüfung gemeinsam.',
  newlyWrong: (amount) => `${are(amount)} neuerdings falsch.`,
  newlyRight: (amount) => `${are(amount)} neuerdings richtig.`,
  alsoRight: (amount) => `${are(amount)} neuerdings richtig.`,
  unchanged: 'Kein Urteil hat sich geändert.',
  othersChanged: (amount) =>
    `Keine ist neuerdings falsch; ${checks(amount)} ${amount === 1 ? 'hat' : 'haben'} sich anders geändert.`,
  onlyIn: (before, after) =>
    `${are(before)} nur in A, ${number(after)} nur in B: dort nicht gelaufen oder nicht in dessen Liste der Prüfungen.`,
  inBoth: (inBoth, passing) =>
    `${are(inBoth)} in beiden Ergebnissen, davon ${number(passing)} beide Male richtig.`,
  nameless: (amount) =>
    `Ein Link zählt nur, was in keiner Liste von Prüfungen steht: ${number(amount)} seiner Ergebnisse lassen sich nicht vergleichen.`,
  untimed:
    'In keinem Fall wurde beide Male eine Zeit mit ihrer Streuung gemessen, darum wird über die Geschwindigkeit nichts gesagt.',
  timed: (slower, faster, timed) =>
    `Von ${number(timed)} beide Male gemessenen Zeiten sind ${number(slower)} länger und ${number(faster)} kürzer: Das wird nur gesagt, wo sich die Intervalle beider Zeiten nicht überschneiden.`,

  around: 'Was außerdem verschieden ist',
  aroundColumns: ['A', 'B'],
  differences: {
    kind: 'Was getan wurde',
    version: 'Gradproof',
    plan: 'Liste der Prüfungen',
    tier: 'Wie viel',
    filters: 'Welche Prüfungen',
    shard: 'Teil',
    seed: 'Startwert',
    timeout: 'Zeitgrenze',
    options: 'Wie gemessen wurde',
    complete: 'Zu Ende gelaufen',
    adapter: 'Grafikadapter',
    runtime: 'Browser oder Laufzeit',
    os: 'Betriebssystem',
    cores: 'Kerne',
    features: 'Fähigkeiten',
    arithmetic: 'Rechenweise',
    kernels: 'Kernel, die nur einmal liefen',
  },
  none: 'nichts',
  endings: { complete: 'ja', unfinished: 'nein' },
  unset: { filters: 'alle', timeout: 'jede Prüfung ihre eigene', options: 'wie üblich' },

  changes: 'Änderungen',
  noChanges: 'Keine Prüfung hat sich geändert.',
  noneMatches: 'Keine Änderung passt dazu.',
  all: 'alle Änderungen',
  withoutAccuracy: 'alle außer Anteilen der Schranke',
  filter: 'Nur Prüfungen, deren Name enthält',
  kinds: {
    'newly-wrong': 'neuerdings falsch',
    'newly-right': 'neuerdings richtig',
    'other-status': 'anderes Urteil',
    'only-before': 'nur in A',
    'only-after': 'nur in B',
    finding: 'anderer Befund',
    slower: 'langsamer',
    faster: 'schneller',
    accuracy: 'anderer Anteil der Schranke',
  },
  changed: (amount) => count(amount, { one: 'Änderung', other: 'Änderungen' }),
  copy: 'Als Text kopieren',
  copied: 'Kopiert.',
  save: 'Als Text speichern',
  first: 'A',
  second: 'B',
  missing: 'nicht dabei',
  to: 'dann',
  reason: 'Warum',
  finding: 'Befund',
  boundUsed: 'Von der Schranke genutzt',
  beyond: 'weit darüber hinaus',
  time: 'Zeit',
  interval: (low, high) => `zwischen ${low} und ${high}`,
  noInterval: 'ohne Streuung, darum nicht beurteilt',
  backend: 'Gerechnet von',
  took: (duration) => `dauerte ${duration}`,
};
