import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { first } from '../../src/ui/messages/de.ts';
import { loadedUnawaited, loadedWith } from './loading.ts';

const ui = fileURLToPath(new URL('../../src/ui', import.meta.url));
const sources = new Map(
  readdirSync(ui, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && !/\.(test|d)\.ts$/.test(path))
    .map((path) => [path, readFileSync(join(ui, path), 'utf8')] as const),
);

/** `load` of a view stands in `lazily` where views are shown. */
const isView = (file: string) => file.endsWith('.view.ts');

/** "a.ts loads b.ts", wherever b.ts brings words that a.ts has not and nothing waits for. */
function unawaited(all: ReadonlyMap<string, string>): readonly string[] {
  return [...all].flatMap(([file, source]) => {
    if (isView(file)) return [];
    const targets = loadedUnawaited(file, source).filter((to) => all.has(to));
    if (targets.length === 0) return [];
    const here = new Set(loadedWith(file, all));
    const bringsWords = (to: string) =>
      loadedWith(to, all).some((each) => each.endsWith('.en.ts') && !here.has(each));
    return targets.filter(bringsWords).map((to) => `${file} loads ${to}`);
  });
}

test('what is loaded waits for its words', () => {
  expect([...sources].filter(([, source]) => /\bimport\(/.test(source)).length).toBeGreaterThan(20);
  expect(unawaited(sources)).toEqual([]);
});

test('views are loaded where their words are waited for', () => {
  expect(sources.get('app/app-element.ts')).toMatch(/\blazily\(element, load && \(\(\) => load\(/);
});

test('what the first screen says is loaded at once in German, and no more', () => {
  const shown = loadedWith('app/main.ts', sources);
  const words = [...new Set(shown.filter((file) => file.endsWith('.en.ts')))];
  expect(words.length).toBeGreaterThan(5);
  const german = Object.keys(first).map((file) => posix.join('messages', file));
  expect(german.sort()).toEqual(words.map((file) => file.replace('.en.ts', '.de.ts')).sort());
});

test.each([
  ['a plain import', "await import('../b/deep.ts');", 1],
  ['one in a function that is called later', "const load = () => import('../b/deep.ts');", 1],
  ['withWords', "await withWords(import('../b/deep.ts'));", 0],
  ['Later', "new Later(async () => new (await import('../b/deep.ts')).B());", 0],
  ['lazily', "lazily('gp-b', () => import('../b/deep.ts'), this, shown);", 0],
  ['words that are there already', "import '../b/b.en.ts'; await import('../b/deep.ts');", 0],
  ['words as a type alone', "import type { b } from '../b/b.en.ts'; import('../b/deep.ts');", 1],
  ['no words', "await import('../b/silent.ts');", 0],
])('finds %s, or not', (_, source, count) => {
  const planted = new Map([
    ['a/a.ts', source],
    ['b/deep.ts', "import { said } from './said.ts';"],
    ['b/said.ts', "import { b } from './b.en.ts';"],
    ['b/b.en.ts', "export const b = '';"],
    ['b/silent.ts', "import type { b } from './b.en.ts';"],
  ]);
  expect(unawaited(planted)).toHaveLength(count);
});
