import { expect, test } from 'vitest';
import { FAMILIES, familyNaming } from '../report/families.ts';
import { groupBy } from '../report/group.ts';
import { loadCases } from './registry.ts';

const suites = [...groupBy([...(await loadCases()).values()], ({ suite }) => suite).keys()];

test('a family names every suite of the plan, and none of them is put among what is left over', () => {
  expect(suites.length).toBeGreaterThan(50);
  const families = groupBy(suites, (suite) => familyNaming(suite) ?? 'nameless');
  expect(families.get('nameless')).toBeUndefined();
  expect(families.get('other')).toBeUndefined();
});

test('every family but that of what is left over has suites in the plan', () => {
  const named = new Set(suites.map(familyNaming));
  expect(FAMILIES.filter((family) => !named.has(family))).toEqual(['other']);
});
