import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const TEXT = /\.(ts|wgsl|wesl|md)$/;
/** Folders that hold nothing of the project's own. */
const FOREIGN = /^(node_modules|dist|test-results|playwright-report|\..*)$/;

/** Emits corpus.txt beside index.html: the text that training learns by default. */
export function corpus(root: string): Plugin {
  return {
    name: 'gradproof-corpus',
    apply: 'build',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'corpus.txt', source: packCorpus(root) });
    },
  };
}

/**
 * The project's own TypeScript, WGSL and Markdown, one file after the other in path order (by code
 * unit).
 */
export function packCorpus(root: string): Buffer {
  const files = (committed(root) ?? walk(root)).filter(
    (file) => TEXT.test(file) && existsSync(join(root, file)),
  );
  return Buffer.concat(files.sort().map((file) => readFileSync(join(root, file))));
}

/**
 * The files that git tracks, or nothing where `root` is not a checkout of its own, as in an
 * unpacked archive.
 */
function committed(root: string): string[] | undefined {
  if (!existsSync(join(root, '.git'))) return undefined;
  try {
    return execFileSync('git', ['ls-files', '-z'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).split('\0');
  } catch {
    return undefined; // git is not installed
  }
}

/** All files below `folder`, relative to the root. */
function walk(root: string, folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder ? `${folder}/${entry.name}` : entry.name;
    if (entry.isDirectory()) return FOREIGN.test(entry.name) ? [] : walk(root, path);
    return entry.isFile() ? [path] : [];
  });
}
