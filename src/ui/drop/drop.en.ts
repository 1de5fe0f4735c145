import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

/** Files that are dropped or chosen. */
export const dropWords = words('drop', {
  page: 'Drop recordings (.safetensors) to replay them, or a text or a model’s folder to fine-tune with it.',
  ownSource: 'This project’s own source',
  named: (name: string, size: string) => `${name}, ${size}`,
  hint: 'Drop a text anywhere on the page to use it instead; 32 KB or more learns best.',
  tooLarge: (name: string, size: number, most: number) =>
    `${name} has ${units.bytes(size)}, more than ${units.bytes(most)}: is this the right file?`,
  tooShort: (name: string, size: number, least: number) =>
    `${name} has ${units.number(size)} bytes, and ${units.number(least)} or more are needed to learn from: choose a longer text.`,
  unreadable: (name: string) =>
    `${name} cannot be read: see whether it is still there, and choose it again.`,
  choose: 'Choose a file',
  chooseText: 'Choose a text file',
  noRecording:
    'There is no recording (.safetensors) among these files; to fine-tune on a text, drop one file alone.',
});
