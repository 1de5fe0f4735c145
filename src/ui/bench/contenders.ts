import { LIBRARIES } from '../../bench/contender.ts';
import { benchWords } from './bench.en.ts';

/** What a contender is called; its own name where this version does not know it. */
export function contenderWords(backend: string): string {
  const { ours, ceiling } = benchWords();
  const names: Readonly<Record<string, string>> = { webgpu: ours, ceiling, ...LIBRARIES };
  return names[backend] ?? backend;
}

const SHORT: Readonly<Record<string, string>> = { webgpu: 'Gradproof', 'ort-wasm': 'WebAssembly' };

/** The same where room is short. */
export function shortContender(backend: string): string {
  return SHORT[backend] ?? contenderWords(backend);
}

/** The name of a work as it is shown: all are of a bench. */
export function workName(id: string): string {
  return id.replace(/^bench\./, '');
}
