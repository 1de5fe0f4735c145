import { words as units } from '../messages/units.de.ts';
import type { dropWords } from './drop.en.ts';

export const words: ReturnType<typeof dropWords> = {
  page: 'Lass Aufzeichnungen (.safetensors) los, um sie nachzurechnen, oder einen Text oder den Ordner eines Modells, um damit nachzutrainieren.',
  ownSource: 'Der Quelltext dieses Projekts',
  named: (name, size) => `${name}, ${size}`,
  hint: 'Zieh einen anderen Text auf die Seite, um ihn zu nehmen; ab 32\u202fkB lernt es sich am besten.',
  tooLarge: (name, size, most) =>
    `${name} hat ${units.bytes(size)}, mehr als ${units.bytes(most)}: Ist das die richtige Datei?`,
  tooShort: (name, size, least) =>
    `${name} hat ${units.number(size)} Bytes, und zum Lernen braucht es mindestens ${units.number(least)}: einen längeren Text wählen.`,
  unreadable: (name) =>
    `${name} lässt sich nicht lesen: nachsehen, ob die Datei noch da ist, und sie noch einmal wählen.`,
  choose: 'Datei wählen',
  chooseText: 'Textdatei wählen',
  noRecording:
    'Unter diesen Dateien ist keine Aufzeichnung (.safetensors); zum Nachtrainieren auf einem Text eine einzelne Datei ablegen.',
};
