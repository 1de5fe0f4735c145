import { words as units } from '../messages/units.de.ts';
import type { savingWords } from './saving.en.ts';

const { bytes } = units;

export const words: ReturnType<typeof savingWords> = {
  label: 'Was gespeichert wird',
  adapter: 'Nur was trainiert wurde',
  forms: {
    merged: 'Verschmolzenes Modell, wie transformers es lädt, im Typ seiner Gleitkommazahlen',
    'merged-float32': 'Verschmolzenes Modell, wie transformers es lädt, in float32',
    'merged-float16': 'Verschmolzenes Modell, wie transformers es lädt, in float16',
    'merged-bfloat16': 'Verschmolzenes Modell, wie transformers es lädt, in bfloat16',
    'gguf-f16': 'Verschmolzenes Modell als eine GGUF-Datei für llama.cpp, in F16',
    'gguf-q8_0': 'Verschmolzenes Modell als eine GGUF-Datei für llama.cpp, in Q8_0',
  },
  toFolder:
    'Nach dem letzten Schritt wird es in einen Ordner geschrieben, den du beim Start wählst.',
  toDownloads:
    'Nach dem letzten Schritt wird es Stück für Stück in den eigenen Speicher dieses Browsers geschrieben, und ist bis zum nächsten Lauf zum Herunterladen da.',
  traced:
    'Auch eine Aufzeichnung der ersten Schritte: wann jeder Kernel lief. Sie macht sie langsamer.',
  sent: (sink) =>
    `Sein Protokoll an ${sink} schicken, während er läuft: Einstellungen und Zahlen, keinen Text.`,
  heading: 'Das verschmolzene Modell',
  inFolder: (folder) => `Geschrieben in ${folder}:`,
  file: (name, size) => `${name} (${bytes(size)})`,
  save: (name, size) => `${name} speichern (${bytes(size)})`,
  rounding: (ofChange) =>
    `Das Runden hat seine verschmolzenen Gewichte um ${ofChange} dessen verschoben, was das Training an ihnen geändert hat.`,
};
