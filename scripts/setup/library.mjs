import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
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
  // Ids of the catalog are the keys of these, which the compiler does not copy.
  cpSync(join(root, 'src/catalog'), join(next, 'src/catalog'), {
    recursive: true,
    filter: (path) => !path.endsWith('.ts'),
  });
  const target = join(root, 'dist/library');
  mkdirSync(join(root, 'dist'), { recursive: true });
  if (existsSync(target)) rmSync(target, { recursive: true });
  renameSync(next, target);
}
