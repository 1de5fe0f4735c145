import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Plugin } from 'vite';

const MODULE = 'virtual:parity-sets';
const INDEX = 'INDEX.json';

/** A set of recordings that the page brings along: where it is, and what a click on it costs. */
export interface ParitySet {
  /** Relative to the page, with `/` at its end. */
  readonly folder: string;
  readonly cases: number;
  readonly bytes: number;
}

/**
 * Lets the page know the recordings beside it, which a static host cannot list, without asking for
 * one.
 */
export function paritySets(root: string): Plugin {
  return {
    name: 'gradproof-parity-sets',
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    load: (id) =>
      id === `\0${MODULE}`
        ? `export default ${JSON.stringify(findSets(join(root, 'public')))};`
        : undefined,
  };
}

/** The folders below `parity` in `folder` that hold an index, in path order. */
export function findSets(folder: string): readonly ParitySet[] {
  let files: readonly string[];
  try {
    files = readdirSync(join(folder, 'parity'), { recursive: true, encoding: 'utf8' });
  } catch {
    return []; // nothing is recorded yet
  }
  const indexes = files.filter((file) => file === INDEX || file.endsWith(`${sep}${INDEX}`)).sort();
  return indexes.map((file) => {
    const { cases } = JSON.parse(readFileSync(join(folder, 'parity', file), 'utf8')) as {
      readonly cases: readonly { readonly bytes: number }[];
    };
    const path = ['parity', ...file.split(sep).slice(0, -1), ''].join('/');
    return {
      folder: path,
      cases: cases.length,
      bytes: cases.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  });
}
