import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const FOLDER = join(import.meta.dirname, '..');

/**
 * Declarations that name a side of the screen: a page that is written from right to left would need
 * them the other way round.
 */
const PHYSICAL =
  /(?:^|[\s;{])((?:(?:margin|padding|border|scroll-margin|scroll-padding|inset)-(?:left|right|top|bottom)[\w-]*|border-(?:top|bottom)-(?:left|right)-radius|left|right|top|bottom)\s*:|(?:text-align|float|clear)\s*:\s*(?:left|right))/g;

/** The style sheets of a source file: its css templates, or all of it. */
function sheetsOf(path: string): readonly string[] {
  const text = readFileSync(join(FOLDER, path), 'utf8');
  return path.endsWith('.css')
    ? [text]
    : [...text.matchAll(/\bcss`([^`]*)`/g)].map(([, sheet = '']) => sheet);
}

function physicalIn(sheet: string): readonly string[] {
  return [...sheet.replaceAll(/\/\*[\s\S]*?\*\//g, '').matchAll(PHYSICAL)].map(
    ([, found = '']) => found,
  );
}

test('a physical side of the screen is found in a style', () => {
  expect(physicalIn('a { color: red; margin-left: 1px }')).toEqual(['margin-left:']);
  expect(physicalIn('a {\n  left: 0;\n  text-align: right;\n}')).toEqual([
    'left:',
    'text-align: right',
  ]);
  expect(
    physicalIn('a { inset-inline-start: 0; transition: top 1s; border-block-start: 0 }'),
  ).toEqual([]);
});

test('styles name no side of the screen, only starts and ends', () => {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter(
    (path) => /\.(?:ts|css)$/.test(path) && !path.endsWith('.test.ts'),
  );
  const sheets = files.flatMap((path) => sheetsOf(path).map((sheet) => [path, sheet] as const));
  expect(sheets.length).toBeGreaterThan(20);
  expect(
    sheets.flatMap(([path, sheet]) => physicalIn(sheet).map((found) => `${path}: ${found}`)),
  ).toEqual([]);
});
