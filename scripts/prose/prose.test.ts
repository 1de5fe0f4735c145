import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tupleDeclarations, vagueLines, wideLines } from './prose.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Tables that tests write. */
const GENERATED = new Set(['docs/bounds.md', 'docs/power.md']);
/** The test below plants what the lint finds. */
const PLANTED = 'scripts/prose/prose.test.ts';
/** Tales say what they like. */
const TOLD = 'src/data/tales/plots.ts';
/** Code and documents of the repository, by path. */
const sources = new Map(
  execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' })
    .split('\n')
    .filter((file) => /\.(?:m?[jt]s|wgsl|wesl|py|md)$/.test(file) && !GENERATED.has(file))
    .map((file) => [file, readFileSync(join(ROOT, file), 'utf8')] as const),
);

test('the code is found', () => {
  expect(sources.size).toBeGreaterThan(500);
  expect([...sources.keys()]).toContain('README.md');
});

test('at most 2 % of the lines of a folder and type are wider than 100 columns', () => {
  const groups = new Map<string, { lines: number; wide: string[] }>();
  for (const [file, source] of sources) {
    const [folder = ''] = file.includes('/') ? file.split('/') : [];
    const key = `${folder} ${extname(file)}`;
    const group = groups.get(key) ?? { lines: 0, wide: [] };
    group.lines += source.split('\n').length;
    group.wide.push(...wideLines(file, source).map(({ line }) => `${file}:${line}`));
    groups.set(key, group);
  }
  const tooWide = [...groups].filter(([, { lines, wide }]) => wide.length > 0.02 * lines);
  expect(tooWide.map(([key, { lines, wide }]) => ({ key, lines, wide }))).toEqual([]);
});

test('comments, strings and documents say who or what is meant', () => {
  const found = [...sources].flatMap(([file, source]) =>
    ([PLANTED, TOLD].includes(file) ? [] : vagueLines(file, source)).map(
      ({ line, text }) => `${file}:${line}: ${text.trim()}`,
    ),
  );
  expect(found).toEqual([]);
});

test('fewer than 30 declarations take a list apart that is written beside them', () => {
  const found = [...sources].flatMap(([file, source]) => {
    const count = tupleDeclarations(file, source);
    return count > 0 ? [{ file, count }] : [];
  });
  expect(
    found.reduce((sum, { count }) => sum + count, 0),
    JSON.stringify(found),
  ).toBeLessThan(30);
});

test.each([
  ['planted.ts', 'const nobody = 1; // whoever asks\n/** one\n * of which */', [1, 3]],
  ['planted.ts', "const nobody = 1;\ntest('asks nobody',\n() => `nobody`);", [2, 3]],
  ['planted.wgsl', 'fn nobody() {} // somebody\n/* nobody */', [1, 2]],
  ['planted.py', 'nobody = 1\n"""Asks\nnobody."""\n# whoever\nf(nobody, "everybody")', [3, 4, 5]],
  ['planted.md', 'nobody\n```js\nnobody\n```\nSomebody.', [1, 5]],
])('a vague word is found in the prose of %s, and not in its code', (file, source, lines) => {
  expect(vagueLines(file, source).map(({ line }) => line)).toEqual(lines);
});

test('a wide line is found, and a wide row of a table is none', () => {
  const wide = 'x'.repeat(101);
  expect(wideLines('planted.md', `${'x'.repeat(100)}\n${wide}\n| ${wide} |`)).toEqual([
    { line: 2, text: wide },
  ]);
});

test('a list that is taken apart where it is written is found', () => {
  const source =
    'const [a, b] = [1, 2]; const [c] = list; let [d] = [3]; const [e] = [4] as const;';
  expect(tupleDeclarations('planted.ts', source)).toBe(3);
});
