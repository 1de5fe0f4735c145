import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commitOf } from './commit.mjs';

/**
 * What the build reads or packs. Reports and adapters that a person writes beside it are no
 * sources, and build nothing anew.
 */
const SOURCE_FOLDERS = ['docs', 'e2e', 'public', 'scripts', 'shaders', 'src', 'suites'];
const SOURCE_FILES = /^(package(-lock)?\.json|tsconfig\.json|[^/]*\.(ts|md|html))$/;

/** What is made in a source folder. */
const NO_SOURCE = new Set(['node_modules', 'test-results', '__pycache__', '.venv', 'public/plans']);

/**
 * SHA-256 over names and contents of all sources (the build packs some of them as text to learn
 * from) and the commit that the build names: two trees have one stamp only if they build the same.
 * @param {string} root
 */
export function sourceStamp(root) {
  const hash = createHash('sha256');
  for (const file of sourcesOf(root)) {
    const content = readFileSync(join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.update(commitOf(root)).digest('hex');
}

/**
 * The same of the modules of the peers, which are built from the project's sources and their own.
 * @param {string} root
 */
export function peersStamp(root) {
  const hash = createHash('sha256').update(sourceStamp(root));
  for (const file of sourcesIn(root, 'bench').sort())
    hash.update(`${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/**
 * The files that the stamp is made of, in the order of their names.
 * @param {string} root
 * @returns {string[]}
 */
export function sourcesOf(root) {
  const files = readdirSync(root, { withFileTypes: true }).filter(
    (entry) => entry.isFile() && SOURCE_FILES.test(entry.name),
  );
  const folders = SOURCE_FOLDERS.filter((folder) => existsSync(join(root, folder)));
  return [
    ...files.map(({ name }) => name),
    ...folders.flatMap((folder) => sourcesIn(root, folder)),
  ].sort();
}

/** @param {string} root @param {string} folder @returns {string[]} */
function sourcesIn(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (NO_SOURCE.has(path) || NO_SOURCE.has(entry.name)) return [];
    if (entry.isDirectory()) return sourcesIn(root, path);
    return entry.isFile() ? [path] : [];
  });
}
