import type { IndexedCase, ParityIndex } from '../../formats/parity-index.ts';

/** What the replay of a recording is called. */
export function idOf({ name, op }: Pick<IndexedCase, 'name' | 'op'>): string {
  return `parity.${op}:${name.split('/').at(-1)}`;
}

/** What the replays of a set are called. */
export function idsOf({ cases }: ParityIndex): ReadonlySet<string> {
  return new Set(cases.map(idOf));
}
