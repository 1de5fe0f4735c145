import { expect, test } from 'vitest';
import { FAMILIES, familyNaming } from '../report/families.ts';
import { groupBy } from '../report/group.ts';
import { mosaicOf } from '../report/mosaic.ts';
import { loadCases } from './registry.ts';

const suites = [...groupBy([...(await loadCases()).values()], ({ suite }) => suite).keys()];

test('every suite falls into a family', () => {
  const unnamed = suites.filter((suite) => familyNaming(suite) === undefined);
  expect(unnamed, 'give their folder a family in src/report/families.ts').toEqual([]);
});

test('a suite that another build has is shown among other checks', () => {
  expect(familyNaming('folding.proteins')).toBeUndefined();
  expect(mosaicOf([{ key: 'a', suite: 'folding.proteins', state: 'right' }])).toMatchObject([
    { family: 'other', counts: { right: 1 } },
  ]);
});

test('every family but that of what is left over has suites in the plan', () => {
  const named = new Set(suites.map(familyNaming));
  expect(FAMILIES.filter((family) => !named.has(family))).toEqual(['other']);
});
