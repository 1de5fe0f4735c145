import { words as units } from '../messages/units.de.ts';
import type { bridgeWords } from './bridge.en.ts';

const { count } = units;

export const words: ReturnType<typeof bridgeWords> = {
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
};
