import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What `npm pack` would publish, but for what the build adds to dist. */
const packed = (
  JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'], // what it says is in the error
    }),
  ) as [{ files: { path: string; size: number }[] }]
)[0].files;
const paths = packed.map(({ path }) => path).filter((path) => !path.startsWith('dist/page/'));

/** The Python package beside this one, which is installed by itself. */
const ELSEWHERE = /^bridge\b/;

test('the package holds no tests and nothing that only a checkout needs', () => {
  const strays = [
    /\.test\.|\.map$|(^|\/)(e2e|fixtures|suites|src|shaders)\/|^scripts\/(?!start\.mjs|setup\/)/,
    /^dist\/node\/(parity-pages|plan|snapshot|speed-page|test-report)\./,
  ];
  const isStray = (path: string) => strays.some((stray) => stray.test(path));
  expect(paths.filter((path) => isStray(path) && !path.startsWith('dist/library/'))).toEqual([]);
});

test('what starts it is there, with all that it imports', () => {
  const pending = ['scripts/start.mjs'];
  const seen = new Set<string>();
  for (let file = pending.pop(); file; file = pending.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    expect(paths).toContain(file);
    for (const [, to = ''] of readFileSync(join(ROOT, file), 'utf8').matchAll(/from '(\.[^']+)'/g))
      pending.push(normalize(join(dirname(file), to)).replaceAll('\\', '/'));
  }
  expect(seen.size).toBeGreaterThan(3);
});

test('every file that its documents lead to is in the package', () => {
  const documents = paths.filter((path) => path.endsWith('.md'));
  expect(documents).toContain('docs/running.md');
  const missing = documents.flatMap((from) => {
    const links = readFileSync(join(ROOT, from), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g);
    return [...links].flatMap(([, link = '']) => {
      const to = normalize(join(dirname(from), link)).replaceAll('\\', '/');
      if (ELSEWHERE.test(to)) return [];
      const isFolder = existsSync(join(ROOT, to)) && statSync(join(ROOT, to)).isDirectory();
      const there = isFolder ? paths.some((path) => path.startsWith(`${to}/`)) : paths.includes(to);
      return there ? [] : [`${from}: ${to}`];
    });
  });
  expect(missing).toEqual([]);
});

test('beside the page it is small', () => {
  const bytes = packed
    .filter(({ path }) => paths.includes(path))
    .reduce((sum, { size }) => sum + size, 0);
  expect(bytes).toBeLessThan(16 * 2 ** 20);
});
