import { words as units } from '../messages/units.de.ts';
import type { mergingWords } from './merging.en.ts';

const { bytes } = units;

export const words: ReturnType<typeof mergingWords> = {
  heading: 'In sein Modell einschmelzen',
  form: 'Form des Modells',
  toFolder: 'Es wird in einen Ordner geschrieben, den du wählst.',
  toDownloads:
    'Es wird Stück für Stück in den eigenen Speicher dieses Browsers geschrieben, und ist zum Herunterladen da, bis ein anderes geschrieben wird oder ein Lauf beginnt.',
  endsTalk: 'Das Gespräch mit dem Modell endet dann: Auf dem Gerät ist immer nur eines.',
  save: 'Verschmolzenes Modell speichern',
  goesOn: 'Das Modell wird geladen, verschmolzen und Gewicht für Gewicht geschrieben.',
  cancel: 'Verschmelzen abbrechen',
  stopping: 'Wird abgebrochen …',
  progress: 'Fortschritt des Verschmelzens',
  written: 'Das verschmolzene Modell ist geschrieben.',
  cancelled: 'Abgebrochen: Nichts wurde geschrieben.',
  failed: 'Nichts wurde geschrieben:',
  whole: 'Alle Gewichte wurden trainiert: Das Modell, das geschrieben wurde, hat sie.',
  needsDevice: 'Verschmolzen wird mit WebGPU, das es hier nicht gibt.',
  needsModel: (name) => `Zum Einschmelzen ${name} noch einmal wählen.`,
  model: (name, size) => `Sein Modell: ${name}, ${bytes(size)}`,
  chooseFolder: 'Ordner seines Modells wählen',
  chooseFile: 'Datei seines Modells wählen',
};
