import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SourceFault } from '../../src/catalog/covers.ts';
import { findCoveringTests } from '../vite-covering-tests.ts';

const { plant, sourceOf, withFault } = (await import(
  new URL('fault.mjs', import.meta.url).href
)) as {
  plant: (root: string, fault: SourceFault) => () => void;
  sourceOf: (root: string, fault: SourceFault) => string | undefined;
  withFault: (source: string | undefined, fault: SourceFault) => string;
};
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COVERING = findCoveringTests(ROOT);

/** Tests and what they stand on: a fault there would break what judges. */
const JUDGES = /\.(test|spec)\.ts$|\/fixtures\/|^(e2e|bridge\/tests|src\/catalog\/covers)/;

test.each(COVERING.map(({ id, file, fault }) => [id, file, fault] as const))(
  'the fault of %s changes the sources as they are, and not the test',
  (_, file, fault) => {
    const source = sourceOf(ROOT, fault);
    expect(withFault(source, fault)).not.toBe(source);
    expect(fault.file).not.toBe(file);
    expect(fault.file).not.toMatch(JUDGES);
  },
);

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fault-'));
  writeFileSync(join(root, 'a.ts'), 'one two $& two');
});
afterEach(() => rmSync(root, { recursive: true }));
const read = (file: string) => readFileSync(join(root, file), 'utf8');

test('a fragment is another until the fault is removed', () => {
  const remove = plant(root, { file: 'a.ts', from: 'one', to: "$& $1 $'" });
  expect(read('a.ts')).toBe("$& $1 $' two $& two");
  remove();
  expect(read('a.ts')).toBe('one two $& two');
});

test('a file is there until the fault is removed', () => {
  const remove = plant(root, { file: 'new/b.ts', text: 'three' });
  expect(read('new/b.ts')).toBe('three');
  remove();
  expect(existsSync(join(root, 'new/b.ts'))).toBe(false);
});

test('what cannot be broken is refused, and nothing is changed', () => {
  const refused: readonly (readonly [SourceFault, string])[] = [
    [{ file: 'a.ts', from: 'two', to: '' }, '"two" must stand once in a.ts: 2 times'],
    [{ file: 'a.ts', from: 'four', to: '' }, '"four" must stand once in a.ts: 0 times'],
    [{ file: 'b.ts', from: 'one', to: '' }, '"one" must stand once in b.ts: 0 times'],
    [{ file: 'a.ts', from: '', to: 'x' }, 'must stand once'],
    [{ file: 'a.ts', from: 'one', to: 'one' }, 'the fault changes nothing in a.ts'],
    [{ file: 'a.ts', text: '' }, 'a.ts is to be planted and is there'],
  ];
  for (const [fault, why] of refused) expect(() => plant(root, fault), why).toThrow(why);
  expect(read('a.ts')).toBe('one two $& two');
});
