import type { LinkPayload } from '../../report/link/payload.ts';
import { DEFAULT_RUN_OPTIONS } from '../../report/run-options.ts';
import { MOST_TOLD, shortList } from '../../report/settings.ts';
import { words as units } from '../messages/units.de.ts';
import type { LinkWords } from './link-contents.ts';
import type { shareWords } from './share.en.ts';

const { count, number } = units;
const figures = (known: number) => count(known, { one: 'Zahl', other: 'Zahlen' });
const checks = (some: number) => count(some, { one: 'Prüfung', other: 'Prüfungen' });

const contents: LinkWords = {
  kind: {
    what: 'Was gemacht wurde',
    show: (kind) =>
      ({ run: 'Prüfungen', bench: 'Messungen', mutate: 'Mutanten', train: 'Nachtraining' })[kind],
  },
  tool: { what: 'Mit welchem Gradproof', show: ({ version, commit }) => `${version} (${commit})` },
  time: {
    what: 'Wann es begann, auf die Sekunde, und wie lange es dauerte',
    show: ({ startedAt, durationMs }) =>
      `${startedAt.toISOString().slice(0, 19)}Z, ${number(durationMs / 1000, { style: 'unit', unit: 'second', maximumFractionDigits: 1 })}`,
  },
  settings: { what: 'Die Einstellungen des Laufs, mit dem Text seiner Filter', show: settings },
  environments: {
    what: 'Browser, Betriebssystem, Grafikadapter samt Fähigkeiten, und wie er rechnet',
    show: (environments) => environments.map(environment).join(' | '),
  },
  planHash: {
    what: 'Welche Liste von Prüfungen diese Version hat, als Prüfsumme',
    show: (hash) => hash,
  },
  statuses: {
    what: 'Wie jede Prüfung dieser Liste ausging',
    show: (ran) => count(ran, { one: 'Urteil', other: 'Urteile' }),
  },
  accuracies: {
    what: 'Welchen Teil ihrer Fehlerschranke jede gelaufene Prüfung nutzte, auf 9\u202f%',
    show: figures,
  },
  speeds: { what: 'Die mittlere Zeit jeder gemessenen Prüfung, auf 9\u202f%', show: figures },
  places: { what: 'In welcher von mehreren Umgebungen jede Prüfung lief', show: figures },
  replayed: {
    what: 'Wie viele Aufzeichnungen, Gewichte von Checkpoints und Nachtrainings wie ausgingen; weder ihre Namen noch ihre Daten',
    show: (counts) => counted(counts) || 'keine',
  },
  device: {
    what: 'Der Name, den du diesem Rechner gegeben hast',
    show: (name) => name || 'keiner',
  },
};

function settings({
  tier,
  filters,
  shard,
  seed,
  timeoutMs,
  options,
  complete,
  retried,
  hidden,
}: LinkPayload['settings']): string {
  return [
    `Stufe ${tier}`,
    filters.length > 0 ? `Prüfungen ${filters.join(' ')}` : 'alle Prüfungen',
    `Teil ${shard}`,
    `Startwert ${seed}`,
    timeoutMs === undefined ? 'übliche Zeitgrenzen' : `${number(timeoutMs)}\u202fms je Prüfung`,
    ...(options.length > 0 ? [`gemessen mit ${options.join(' ')}`] : []),
    complete ? 'vollständig' : 'unvollständig',
    `${retried} wiederholt`,
    `${hidden} in verdecktem Tab`,
  ].join(', ');
}

function environment({
  runtime,
  runtimeVersion,
  os,
  cores,
  adapter,
  features,
  probe,
}: LinkPayload['environments'][number]): string {
  const { isFallback, ...names } = adapter;
  const chip = [
    ...Object.values(names).filter(Boolean),
    ...(isFallback ? ['Ersatzadapter'] : []),
  ].join(' ');
  const found = Object.entries(probe).map(([key, value]) => `${key} ${value}`);
  return `${runtime} ${runtimeVersion} auf ${os}, ${count(cores, { one: 'Kern', other: 'Kerne' })}; ${chip}; Fähigkeiten: ${features.join(', ') || 'keine'}; Sonde: ${found.join(', ')}`;
}

function counted(counts: LinkPayload['replayed']): string {
  return Object.entries(counts)
    .filter(([, some]) => some > 0)
    .map(([status, some]) => `${some} ${status}`)
    .join(', ');
}

function deviations({
  tier,
  filters,
  shard,
  seed,
  timeoutMs,
  options,
  complete,
  retried,
  hidden,
}: LinkPayload['settings']): string[] {
  return [
    ...(complete ? [] : ['der Lauf wurde nicht beendet']),
    ...(tier === DEFAULT_RUN_OPTIONS.tier
      ? []
      : [`Stufe ${tier} statt ${DEFAULT_RUN_OPTIONS.tier}`]),
    ...(filters.length === 0
      ? []
      : [
          `nur die Prüfungen ${shortList(filters, MOST_TOLD, (rest) => `… und ${number(rest)} weitere`).join(' ')}`,
        ]),
    ...(shard === '1/1' ? [] : [`nur Teil ${shard} der Prüfungen`]),
    ...(seed === DEFAULT_RUN_OPTIONS.seed
      ? []
      : [`Startwert ${seed} statt ${DEFAULT_RUN_OPTIONS.seed}`]),
    ...(timeoutMs === undefined
      ? []
      : [`${number(timeoutMs)}\u202fms je Prüfung statt ihrer eigenen Zeitgrenze`]),
    ...(options.length === 0 ? [] : [`gemessen mit ${shortList(options, MOST_TOLD).join(' ')}`]),
    ...(retried === 0
      ? []
      : [`${checks(retried)} ${retried === 1 ? 'brauchte' : 'brauchten'} mehr als einen Versuch`]),
    ...(hidden === 0
      ? []
      : [
          `${checks(hidden)} ${hidden === 1 ? 'lief' : 'liefen'} in einem verdeckten Tab, den Browser bremsen`,
        ]),
  ];
}

export const words: ReturnType<typeof shareWords> = {
  title: 'Dieses Ergebnis teilen',
  lead: 'Der Link selbst enthält das Ergebnis. Nichts wird hochgeladen: Wer den Link hat, kann es lesen, sonst niemand.',
  device: 'Ein Name für diesen Rechner, wenn du magst',
  deviceHint:
    'Browser verraten nicht, was für einer es ist. Was du hier schreibst, sehen alle, die den Link oder das Abzeichen lesen.',
  devicePlaceholder: 'etwa ThinkPad T14, RTX 4060',
  link: 'Link',
  localOnly:
    'Der Link unten öffnet sich nur auf diesem Rechner. Für andere: das Ergebnis als eine Seite speichern oder seine Zusammenfassung kopieren. Mit --share-base URL gestartet, macht die Seite Links zu einer Adresse, die andere erreichen.',
  savePage: 'Das Ergebnis als eine HTML-Seite speichern',
  send: 'Senden …',
  making: 'Der Link entsteht …',
  copy: 'Link kopieren',
  length: (characters) => `${count(characters, { one: 'Zeichen', other: 'Zeichen' })}.`,
  contentsTitle: 'Genau das steht darin',
  contentsSource: 'Zurückgelesen aus dem Link darüber:',
  contents,
  qr: 'QR-Code',
  qrLabel: 'QR-Code des Links',
  qrTooLong: (characters, most) =>
    `Dieser Link hat ${number(characters)} Zeichen; Kameras lesen Codes von bis zu etwa ${number(most)}. Schick den Link selbst, oder wähle weniger Prüfungen.`,
  badge: 'Abzeichen und Markdown',
  badgeHint:
    'Speichere das Abzeichen neben deiner README und füge die Zeile ein. Es sagt, was herauskam, und führt zum Link.',
  badgeLine: 'Markdown des Abzeichens',
  copyLine: 'Zeile kopieren',
  saveBadge: 'Abzeichen speichern (SVG)',
  copySummary: 'Zusammenfassung für ein Issue kopieren',
  files: 'Als Datei speichern',
  filesHint:
    'Dateien enthalten mehr als der Link: jede Prüfung mit ihren Zahlen, Grenzen des Grafikchips, Meldungen.',
  formats: {
    json: 'Bericht (JSON)',
    html: 'Webseite (HTML)',
    csv: 'Tabelle (CSV)',
    junit: 'JUnit (XML)',
  },
  close: 'Schließen',
  notStandard: 'Nicht die üblichen Einstellungen',
  deviations,
};
