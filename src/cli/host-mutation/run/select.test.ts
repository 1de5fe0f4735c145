import { expect, test } from 'vitest';
import type { HostMutant } from '../host-mutant.ts';
import { selectHostMutants } from './select.ts';

const ALL: readonly HostMutant[] = ['src/train/a.ts', 'src/train/b.ts', 'src/report/c.ts'].flatMap(
  (file) =>
    Array.from({ length: 10 }, (_, i) => ({
      file,
      operator: 'constant',
      line: i + 1,
      n: 1,
      start: 0,
      end: 0,
      replacement: '',
      atLoad: false,
      statement: '',
      switches: [],
    })),
);
const choice = { filters: [], seed: 1 };
const changed = ['src/train/b.ts'];
const filesOf = (mutants: readonly HostMutant[]) => mutants.map(({ file }) => file);

test('without a choice all are wanted, with a filter those whose id matches', () => {
  expect(selectHostMutants(ALL, choice)).toEqual(ALL);
  const filters = ['mutate.host.src.report.c:*'];
  expect(new Set(filesOf(selectHostMutants(ALL, { ...choice, filters })))).toEqual(
    new Set(['src/report/c.ts']),
  );
});

test('of changed files all are wanted, or as many as are drawn, and as many of the others', () => {
  expect(filesOf(selectHostMutants(ALL, { ...choice, changed }))).toEqual(
    Array(10).fill('src/train/b.ts'),
  );
  const drawn = filesOf(selectHostMutants(ALL, { ...choice, changed, sample: 3 }));
  expect(drawn.filter((file) => file === 'src/train/b.ts')).toHaveLength(3);
  expect(drawn).toHaveLength(6);
});

test('nothing to change is said in one line', () => {
  expect(() => selectHostMutants(ALL, { ...choice, filters: ['mutate.nn.*'] })).toThrow(
    'no host mutant matches "mutate.nn.*"',
  );
  expect(() => selectHostMutants(ALL, { ...choice, changed: [] })).toThrow(
    'none of the TypeScript that is mutated has changed in or since the last commit',
  );
});
