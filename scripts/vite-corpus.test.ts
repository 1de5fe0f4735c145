import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { packCorpus } from './vite-corpus.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function project(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'gradproof-corpus-'));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const files = {
  'src/b.ts': 'b\n',
  'src/a.ts': 'a\n',
  'README.md': 'readme\n',
  'shaders/x.wgsl': 'x\n',
  'shaders/lib/y.wesl': 'y\n',
  'src/style.css': 'css\n',
  'node_modules/p/index.ts': 'foreign\n',
  'dist/page/app.ts': 'built\n',
};
const packed = 'readme\ny\nx\na\nb\n';

test('without a checkout the folders are walked, in path order', () => {
  expect(packCorpus(project(files)).toString()).toBe(packed);
});

test('in a checkout the tracked files are packed, and no others', () => {
  const root = project({ ...files, '.gitignore': 'node_modules/\ndist/\n' });
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, stdio: 'ignore' });
  git('init');
  git('add', '.');
  writeFileSync(join(root, 'src/scratch.ts'), 'not tracked\n');
  expect(packCorpus(root).toString()).toBe(packed);
});
