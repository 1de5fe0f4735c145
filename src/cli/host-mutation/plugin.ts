import { relative } from 'node:path';
import type { Plugin } from 'vite';
import type { HostMutant } from './host-mutant.ts';
import { type IndexedMutant, instrument } from './instrument.ts';

/**
 * Compiles mutants into a build, each behind a switch by its place in the list. They must be of the
 * sources as they stand below `root`.
 */
export function hostMutation(root: string, mutants: readonly HostMutant[]): Plugin {
  const byFile = new Map<string, IndexedMutant[]>();
  mutants.forEach((mutant, index) => {
    byFile.set(mutant.file, [...(byFile.get(mutant.file) ?? []), { mutant, index }]);
  });
  return {
    name: 'host-mutation',
    enforce: 'pre', // before types are stripped
    transform(code, id) {
      const [path = '', query = ''] = id.split('?');
      if (/^(raw|url)\b/.test(query)) return undefined; // the text itself, or where it is
      const file = relative(root, path).replaceAll('\\', '/');
      const ofFile = byFile.get(file);
      return ofFile && { code: instrument(code, ofFile), map: null };
    },
  };
}
