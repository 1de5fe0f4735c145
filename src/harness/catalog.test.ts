import coveringTests from 'virtual:covering-tests';
import { describe, expect, test } from 'vitest';
import { coverageOf, rowOf } from '../catalog/coverage.ts';
import { covers } from '../catalog/covers.ts';
import { loadRows } from '../catalog/rows.ts';
import { loadCases } from './registry.ts';

const rows = await loadRows();
const cases = [...(await loadCases()).values()];

test('holds every row of the three suites', () => {
  const suites = [...rows.keys()].map((id) => id.split('.')[0]);
  const count = (suite: string) => suites.filter((each) => each === suite).length;
  expect([count('fsdp'), count('tb'), count('triton')]).toEqual([69, 76, 228]);
});

/** How many rows of each category of the testing-and-bench suite are tests, and how many in all. */
const CATEGORIES: Readonly<Record<string, readonly [tests: number, rows: number]>> = {
  pipeline: [6, 6],
  production: [4, 6],
  data: [10, 10],
  hardware: [10, 11],
  recovery: [10, 10],
  compat: [11, 11],
};

const ofCategory = (category: string) =>
  [...rows].flatMap(([id, row]) => (id.startsWith(`tb.${category}.`) ? [row] : []));

test(
  'has the tests of each category of the second suite: 51',
  covers('tb.utilities.by-category-run/original-counts').control(
    'a row of the recovery category names no test',
    {
      file: 'src/catalog/tb.json',
      from: '"test": "test_oom_recovery"',
      to: '"test": "\'Recovery\' (coverage list)"',
    },
  ),
  () => {
    const tests = (category: string) =>
      ofCategory(category).filter(({ origin }) => origin.test.startsWith('test_')).length;
    const counts = Object.keys(CATEGORIES).map(tests);
    expect(counts).toEqual(Object.values(CATEGORIES).map(([count]) => count));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(51);
  },
);

test(
  'has a row for each of them and three more: 54',
  covers('tb.utilities.by-category-run/catalog-counts').control('a row is of another category', {
    file: 'src/catalog/tb.json',
    from: '"tb.production.drift-detection": {',
    to: '"tb.recovery.drift-detection": {',
  }),
  () => {
    const counts = Object.keys(CATEGORIES).map((category) => ofCategory(category).length);
    expect(counts).toEqual(Object.values(CATEGORIES).map(([, count]) => count));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(54);
  },
);

describe.each([...rows])('%s', (id, { origin, asserts, clauses, sameAs }) => {
  test('says what the original did and what is asserted, clause by clause', () => {
    expect(origin.words).toMatch(/^\S.{8,138}\S$/);
    expect(asserts.length).toBeGreaterThan(20);
    expect(Object.keys(clauses).length).toBeGreaterThan(0);
    for (const [name, text] of Object.entries(clauses)) {
      expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(text, name).toMatch(/^\S.{4,158}\S$/);
    }
    if (sameAs) expect([...rows.keys()].filter((other) => other !== id)).toContain(sameAs);
  });
});

test('is covered by ids that it has', () => {
  const known = new Set<string>(
    [...rows].flatMap(([id, { clauses }]) => [
      id,
      ...Object.keys(clauses).map((name) => `${id}/${name}`),
    ]),
  );
  for (const { id, covers } of [...cases, ...coveringTests])
    for (const covered of covers) expect(known, id).toContain(covered);
});

test('is covered by each case as a whole row or clause by clause, not both', () => {
  for (const { id, covers } of [...cases, ...coveringTests]) {
    const whole = covers.filter((covered) => !covered.includes('/'));
    const parts = covers.filter((covered) => covered.includes('/')).map(rowOf);
    expect(
      parts.filter((row) => whole.some((each) => each === row)),
      id,
    ).toEqual([]);
    expect(new Set(covers).size, id).toBe(covers.length);
  }
});

describe('coverage', () => {
  const two = new Map([['a.b.c', { clauses: { one: '', other: '' } }]]);
  const of = (...covers: readonly string[]) => coverageOf(two, [{ covers }]).get('a.b.c')?.coverage;

  test('is whole by the row or by every clause, and planned without any', () => {
    expect(of('a.b.c')).toBe('covered');
    expect(of('a.b.c/one', 'a.b.c/other')).toBe('covered');
    expect(of('a.b.c/other')).toBe('partly');
    expect(of('a.b.d')).toBe('planned');
  });
});
