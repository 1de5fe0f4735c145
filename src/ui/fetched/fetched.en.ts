import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const { bytes, count } = units;

/** Models of servers, which this browser keeps. */
export const fetchedWords = words('fetched', {
  label: 'Or its address on a server',
  hint: {
    own: 'A folder or a GGUF file of the server that this page is from. For another: npm start -- --model-server https://huggingface.co',
    named: (server: string) =>
      `A folder or a GGUF file of the server that this page is from, or of ${server}, as the page was started.`,
  },
  fetch: 'Fetch and keep it',
  stop: 'Stop fetching',
  begins: 'Asking what is there…',
  coming: (name: string, done: number, of: number) => `${name}: ${bytes(done)} of ${bytes(of)}…`,
  kept: 'Kept in this browser',
  files: (n: number, size: number) =>
    `${count(n, { one: 'file', other: 'files' })}, ${bytes(size)}`,
  sums: 'SHA-256 of its files',
  cutOff: 'A model that did not come whole',
  take: 'Take it',
  remove: (size: number) => `Delete (${bytes(size)})`,
});
