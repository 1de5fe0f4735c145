import { deviceWords } from '../../backends/bridge/name.ts';
import type { Headline } from '../../report/headlines.ts';
import type { Skips } from '../../report/skips.ts';
import { words as units } from '../messages/units.de.ts';
import type { librariesWords } from './libraries.en.ts';

const { count, bytes, number } = units;

function headline({ library, source, agree, judged, deviating, broken, skips }: Headline): string {
  const day = source.date === undefined ? '' : ` am ${units.day(source.date)}`;
  const where = source.live
    ? `live auf ${deviceWords(source.device)}`
    : `aufgezeichnet auf ${deviceWords(source.device)}${day}`;
  const verdict =
    judged === 0
      ? 'nichts war zu vergleichen'
      : `${number(agree)} von ${number(judged)} stimmen überein`;
  return [
    `${library}: ${verdict}, ${where}`,
    ...(deviating.length > 0
      ? [`${deviating.length} ${deviating.length === 1 ? 'weicht' : 'weichen'} vom wahren Wert ab`]
      : []),
    ...(broken > 0 ? [`${broken} ${broken === 1 ? 'ließ' : 'ließen'} sich nicht bestätigen`] : []),
    ...skips.map(skipWords),
  ].join('; ');
}

/** Reasons of skips by code, as in src/report/skips.ts. */
const REASONS: Readonly<Record<string, (what: string) => string>> = {
  'not-implemented': () => 'noch nicht umgesetzt',
  unjudged: () => 'kein Element lässt sich beurteilen',
  'library-failed': () => 'die Bibliothek hat die Eingaben abgelehnt',
  'missing-backend': () => 'die Brücke hat keine solche Bibliothek auf diesem Gerät',
  'missing-library': (what) => what.replaceAll('is not installed', 'ist nicht installiert'),
  'missing-device': (what) => what,
  'missing-feature': (what) => `dem Adapter fehlt ${what}`,
};

function skipWords({ code, count, details }: Skips): string {
  return `${number(count)} übersprungen: ${REASONS[code]?.(details.join(', ')) || code}`;
}

export const words: ReturnType<typeof librariesWords> = {
  list: 'Bibliotheken',
  headline,
  recordings: 'Aufzeichnungen',
  question: 'Kommen andere Bibliotheken auf dieselben Zahlen?',
  explain: (cases) =>
    `Die Bibliotheken, mit denen heute nachtrainiert wird, haben ${count(cases, { one: 'Beispiel', other: 'Beispiele' })} gerechnet und aufgezeichnet, was herauskam. Spiel sie hier ab: dieselben Eingaben, die Ergebnisse dieses Rechners, und die wahren Werte, an denen sich beide messen.`,
  replay: 'Aufzeichnungen abspielen',
  cost: (size) => `${bytes(size)} vom Server dieser Seite selbst.`,
  python: 'Python auf diesem Rechner',
  asking: 'Python auf diesem Rechner wird gefragt, was es kann …',
  silent: 'Python auf diesem Rechner antwortet nicht.',
  again: 'Noch einmal versuchen',
  connect: 'Verbinden',
  choose: 'Bibliotheken auf diesem Rechner dasselbe rechnen lassen',
  none: 'Es ist keine installiert, die das könnte.',
  ahead: (jobs) =>
    `${count(jobs, { one: 'Frage', other: 'Fragen' })} vor deinen: Python beantwortet eine nach der anderen.`,
  queue: (jobs) =>
    `${count(jobs, { one: 'Frage liegt', other: 'Fragen liegen' })} gerade bei Python, das eine nach der anderen beantwortet.`,
  missing: (some) =>
    `${count(some, { one: 'Bibliothek ließe', other: 'Bibliotheken ließen' })} sich hinzufügen`,
  on: (names, device) => `${names} auf ${device}`,
  kinds: (some) => `${count(some, { one: 'Art', other: 'Arten' })} von Rechnung`,
  willAsk:
    'Der Browser wird fragen, ob diese Seite andere Programme auf diesem Rechner erreichen darf.',
  whyAsk:
    'Er fragt, weil diese Seite aus dem Web kam und Python hier läuft. Erlaubst du es, spricht die Seite mit dem einen Programm, dessen Adresse du geöffnet hast: Zahlen gehen hin und zurück, und nichts verlässt diesen Rechner.',
  refused: 'Der Browser lässt diese Seite nicht zu Python auf diesem Rechner.',
  whyRefused:
    'Die Erlaubnis wurde früher verweigert, hier oder von jemandem, der diesen Browser verwaltet. Um das zu ändern, öffne neben der Adresse die Einstellungen dieser Seite, erlaube den Zugriff auf andere Apps auf diesem Gerät (oder auf das lokale Netzwerk) und versuch es noch einmal. Alles andere geht auch ohne.',
  cannotReplay:
    'Aufzeichnungen lassen sich hier nicht nachrechnen: Noch kann nichts auf dem Grafikchip dieses Rechners rechnen.',
  runGoesOn:
    'Ein Lauf ist im Gange: ihn anhalten oder sein Ende abwarten und die Aufzeichnungen dann nachrechnen.',
};
