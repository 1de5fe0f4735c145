import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { runStep } from './run.mjs';

/**
 * Builds what `exports` of package.json names: ES modules and their type declarations, a file for
 * each source file.
 * @param {string} root
 */
export async function buildLibrary(root) {
  const next = join(root, 'dist/.next-library');
  rmSync(next, { recursive: true, force: true });
  const tool = (path) => join(root, 'node_modules', path);
  const vite = ['build', '--logLevel', 'warn', '--mode', 'library', '--outDir', next];
  await runStep('building the library', [process.execPath, tool('vite/bin/vite.js'), ...vite], {
    cwd: root,
  });
  const types = ['--project', 'tsconfig.library.json', '--outDir', next];
  await runStep('declaring its types', [process.execPath, tool('typescript/bin/tsc'), ...types], {
    cwd: root,
  });
  declareIds(join(root, 'src/catalog'), join(next, 'src/catalog'));
  const target = join(root, 'dist/library');
  mkdirSync(join(root, 'dist'), { recursive: true });
  if (existsSync(target)) rmSync(target, { recursive: true });
  renameSync(next, target);
}

/** Ids of rows and clauses are the keys of the catalog, which the compiler does not copy. */
function declareIds(from, to) {
  for (const name of readdirSync(from).filter((file) => file.endsWith('.json'))) {
    const rows = Object.entries(JSON.parse(readFileSync(join(from, name), 'utf8')));
    const ids = rows.map(([id, { clauses }]) => [id, { clauses: keysAlone(clauses) }]);
    writeFileSync(join(to, name), JSON.stringify(Object.fromEntries(ids)));
  }
}

const keysAlone = (words) => Object.fromEntries(Object.keys(words).map((key) => [key, '']));
