import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is made here or by others and is no source of the build. */
const NO_SOURCE = new Set(['node_modules', 'dist', '.git', '.cache', 'test-results', '__pycache__', '.venv', 'public/plans']);

/**
 * SHA-256 over names and contents of all sources (the build packs some of them as text to learn from) and the commit that the build
 * names: two trees have one stamp only if they build the same. @param {string} root
 */
export function sourceStamp(root) {
  const hash = createHash('sha256');
  for (const file of sourcesIn(root, '').sort()) {
    const content = readFileSync(join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.update(commitOf(root)).digest('hex');
}

/** @param {string} root @param {string} folder @returns {string[]} */
function sourcesIn(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder ? `${folder}/${entry.name}` : entry.name;
    if (NO_SOURCE.has(path) || NO_SOURCE.has(entry.name)) return [];
    if (entry.isDirectory()) return sourcesIn(root, path);
    return entry.isFile() ? [path] : [];
  });
}

/** The commit that HEAD names, read without starting git; empty outside a checkout. @param {string} root */
function commitOf(root) {
  const read = (file) => readFileSync(join(root, '.git', file), 'utf8').trim();
  try {
    const head = read('HEAD');
    if (!head.startsWith('ref: ')) return head;
    const ref = head.slice(5);
    try {
      return read(ref);
    } catch {
      return (
        read('packed-refs')
          .split('\n')
          .find((line) => line.endsWith(` ${ref}`)) ?? ''
      );
    }
  } catch {
    return '';
  }
}
