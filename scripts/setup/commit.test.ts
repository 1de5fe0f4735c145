import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const { commitOf } = (await import(new URL('commit.mjs', import.meta.url).href)) as {
  commitOf: (root: string) => string;
};
const { sourceStamp } = (await import(new URL('stamp.mjs', import.meta.url).href)) as {
  sourceStamp: (root: string) => string;
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gradproof-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const git = (...args: readonly string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
const commit = () => {
  git('commit', '--allow-empty', '-m', 'Begin');
  return git('rev-parse', 'HEAD');
};

test('outside a checkout, and before its first commit, there is none', () => {
  expect(commitOf(folder)).toBe('');
  git('init');
  expect(commitOf(folder)).toBe('');
});

test('it is the last commit, packed or not, and that of a linked working tree in one', () => {
  git('init');
  const first = commit();
  git('worktree', 'add', '-b', 'linked', 'linked');
  git('pack-refs', '--all');
  const linked = join(folder, 'linked');
  expect([commitOf(folder), commitOf(linked)]).toEqual([first, first]);
  git('commit', '--allow-empty', '-m', 'Go on');
  expect(commitOf(folder)).toBe(git('rev-parse', 'HEAD'));
  expect(commitOf(folder)).not.toBe(first);
  expect(commitOf(linked)).toBe(first);
});

test('it is told where no program is found, and where no branch is checked out', () => {
  git('init');
  const first = commit();
  git('commit', '--allow-empty', '-m', 'Go on');
  git('checkout', '--detach', first);
  vi.stubEnv('PATH', '');
  expect(commitOf(folder)).toBe(first);
});

test('the same sources of another commit have another stamp, in a linked working tree too', () => {
  git('init');
  commit();
  git('worktree', 'add', '-b', 'linked', 'linked');
  const linked = join(folder, 'linked');
  mkdirSync(join(linked, 'src'));
  writeFileSync(join(linked, 'src', 'a.ts'), 'a');
  const before = sourceStamp(linked);
  expect(sourceStamp(linked)).toBe(before);
  git('-C', 'linked', 'commit', '--allow-empty', '-m', 'Go on');
  expect(sourceStamp(linked)).not.toBe(before);
});
