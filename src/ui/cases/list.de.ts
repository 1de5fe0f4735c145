import type { Tier } from '../../report/tiers.ts';
import { speech } from '../messages/speech.ts';
import type { CaseState } from './case-state.ts';
import type { listWords } from './list.en.ts';

const de = speech('de');
const checks = (count: number) => de.count(count, { one: 'Prüfung', other: 'Prüfungen' });

const caseStates: Readonly<Record<CaseState, string>> = {
  pass: 'richtig',
  fail: 'falsch',
  error: 'Fehler',
  timeout: 'Zeit abgelaufen',
  lost: 'verloren',
  skip: 'übersprungen',
  running: 'läuft',
  waiting: 'wartet',
  'not-run': 'nicht gelaufen',
};

const tiers: Readonly<Record<Tier, string>> = {
  quick: 'quick: eine Minute',
  full: 'full: zehn Minuten',
  slow: 'slow: eine Stunde',
};

export const words: ReturnType<typeof listWords> = {
  howMuch: 'Wie viel',
  tiers,
  which: 'Welche Prüfungen',
  placeholder: 'alle; oder ein Wort, ops.matmul.*, status:wrong',
  suggestions: 'Vorschläge',
  statusHints: {
    wrong: 'alles, was nicht stimmt: falsch, Fehler, Zeit abgelaufen, verloren',
    fail: 'eine Zahl ist falsch',
    error: 'die Prüfung selbst ist abgebrochen',
    timeout: 'hat zu lange gedauert',
    lost: 'hat ihr Gerät verloren',
    running: 'läuft gerade',
    waiting: 'kommt noch',
    pass: 'richtig',
    skip: 'konnte hier nicht laufen',
    'not-run': 'gehört nicht zum Lauf',
  },
  tierHints: {
    quick: 'was in eine Minute passt',
    full: 'was in zehn Minuten dazukommt',
    slow: 'was in einer Stunde dazukommt',
  },
  readingPlan: 'Der Plan wird gelesen …',
  chosen: (chosen, total) => `${de.number(chosen)} von ${checks(total)} gewählt.`,
  miss: (miss) => {
    const word = `„${miss.term.not ? '!' : ''}${miss.term.kind === 'status' || miss.term.kind === 'tier' ? `${miss.term.kind}:` : ''}${miss.term.text}“`;
    switch (miss.why) {
      case 'unknown':
        return { text: `${word} gibt es nicht; es gibt ${miss.known.join(', ')}.` };
      case 'nowhere':
        return miss.near.length > 0
          ? { text: `Auf ${word} passt nichts. Gemeint war vielleicht`, use: miss.near }
          : { text: `Auf ${word} passt nichts.` };
      case 'together':
        return {
          text: `Auf alles zusammen passt nichts: ohne ${word} wären es ${checks(miss.left)}.`,
        };
    }
  },
  tree: 'Prüfungen nach Suiten',
  caseStates,
  caseState: (count, caseState) => `${de.number(count)} ${caseStates[caseState]}`,
  checks,
  runThese: (count) =>
    count === 1 ? 'Diese Prüfung ausführen' : `Diese ${checks(count)} ausführen`,
  rerunThese: (count) =>
    count === 1
      ? 'Diese Prüfung noch einmal ausführen'
      : `Diese ${checks(count)} noch einmal ausführen`,
  rerunWrong: (count) => `Was nicht stimmt, noch einmal ausführen (${de.number(count)})`,
  rerunHint: 'Die neuen Ergebnisse treten an die Stelle der alten; alle anderen bleiben.',
  onlyThese: 'Nur diese zeigen',
  replayed: {
    recordings: 'Das sind die Aufzeichnungen:',
    weights: 'Das sind die Gewichte des Checkpoints:',
    checks: 'Das sind die Aufzeichnungen und die Gewichte von Checkpoints:',
  },
  back: 'Zurück zur Liste',
  detail: 'Was gewählt ist',
  nothingChosen: 'Eine Suite oder eine Prüfung wählen, um zu sehen, was dahintersteht.',
  pattern: 'Muster',
  command: 'Auf der Kommandozeile',
  known: {
    choose: 'Bekannte Fehlschläge, eine Datei wie für --expect',
    kept: (count, name) =>
      `${de.count(count, { one: 'bekannter Fehlschlag', other: 'bekannte Fehlschläge' })} aus ${name}: Was sie vorhersehen, zählt nicht als falsch.`,
    forget: 'Vergessen',
  },
};
