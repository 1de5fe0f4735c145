import { words as units } from '../messages/units.de.ts';
import type { fetchedWords } from './fetched.en.ts';

const { bytes, count } = units;

export const words: ReturnType<typeof fetchedWords> = {
  label: 'Oder seine Adresse auf einem Server',
  hint: {
    own: 'Ein Ordner oder eine GGUF-Datei des Servers, von dem diese Seite ist. Für einen anderen: npm start -- --model-server https://huggingface.co',
    named: (server) =>
      `Ein Ordner oder eine GGUF-Datei des Servers, von dem diese Seite ist, oder von ${server}, wie die Seite gestartet wurde.`,
  },
  fetch: 'Holen und behalten',
  stop: 'Nicht weiter holen',
  begins: 'Gefragt wird, was es dort gibt …',
  coming: (name, done, of) => `${name}: ${bytes(done)} von ${bytes(of)} …`,
  kept: 'In diesem Browser behalten',
  files: (n, size) => `${count(n, { one: 'Datei', other: 'Dateien' })}, ${bytes(size)}`,
  sums: 'SHA-256 seiner Dateien',
  cutOff: 'Ein Modell, das nicht ganz ankam',
  take: 'Dieses nehmen',
  remove: (size) => `Löschen (${bytes(size)})`,
};
