import coveringTests from 'virtual:covering-tests';
import { describe, expect, test } from 'vitest';
import { coverageOf, rowOf } from '../catalog/coverage.ts';
import { loadRows } from '../catalog/rows.ts';
import { loadCases } from './registry.ts';

const rows = await loadRows();
const cases = [...(await loadCases()).values()];

test('holds every row of the three suites', () => {
  const suites = [...rows.keys()].map((id) => id.split('.')[0]);
  const count = (suite: string) => suites.filter((each) => each === suite).length;
  expect([count('fsdp'), count('tb'), count('triton')]).toEqual([69, 76, 228]);
});

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
