import { words as units } from '../messages/units.de.ts';
import type { librariesWords } from './libraries.en.ts';

const { count, bytes } = units;

export const words: ReturnType<typeof librariesWords> = {
  recordings: 'Aufzeichnungen',
  question: 'Kommen andere Bibliotheken auf dieselben Zahlen?',
  explain: (cases) =>
    `Die Bibliotheken, mit denen heute nachtrainiert wird, haben ${count(cases, { one: 'Beispiel', other: 'Beispiele' })} gerechnet und aufgezeichnet, was herauskam. Rechne sie hier nach: dieselben Eingaben, die Ergebnisse dieses Rechners, und die wahren Werte, an denen sich beide messen.`,
  replay: 'Aufzeichnungen nachrechnen',
  explainSamples: (cases) =>
    `PyTorch prüft sich selbst mit Proben jeder Operation und jedes Optimierers, Grenzfälle eingeschlossen. Hier sind ${count(cases, { one: 'Probe', other: 'Proben' })}, von einer Startzahl ausgelost, mit dem, was PyTorch auf einem Prozessor gerechnet hat: seine eigenen Tests, auf dem Grafikchip dieses Rechners.`,
  replaySamples: 'PyTorchs eigene Proben nachrechnen',
  cost: (size) => `${bytes(size)} vom Server dieser Seite selbst.`,
  cannotReplay:
    'Aufzeichnungen lassen sich hier nicht nachrechnen: Noch kann nichts auf dem Grafikchip dieses Rechners rechnen.',
  runGoesOn:
    'Ein Lauf ist im Gange: ihn anhalten oder sein Ende abwarten und die Aufzeichnungen dann nachrechnen.',
};
