import { expect, test } from 'vitest';
import { coverageOf } from '../../catalog/coverage.ts';
import { covers } from '../../catalog/covers.ts';
import { unplanned } from './planned-rows.ts';

const ROWS = new Map(
  ['a.b.first', 'a.b.second', 'a.b.third'].map((id) => [id, { clauses: { one: '', two: '' } }]),
);
const CASES = [
  { id: 'x:first', covers: ['a.b.first'] },
  { id: 'x:part', covers: ['a.b.second/one'] },
];
const told = (text: string, cases = CASES) =>
  unplanned(coverageOf(ROWS, cases), cases, { path: 'planned.txt', text });

test(
  'a row that nothing covers and no one planned is told, and so is a case of a row that is not there',
  covers('fsdp.utilities.future-ci-integration/catalog-suite-match').control(
    'rows that nothing covers are let pass',
    {
      file: 'src/cli/commands/planned-rows.ts',
      from: 'isPlanned(id) && !listed.has(id)',
      to: 'isPlanned(id) && listed.has(id)',
    },
  ),
  () => {
    expect(told('a.b.third\n')).toEqual([]);
    expect(told('')).toEqual([
      'a.b.third: nothing covers it: write what does, or name it in planned.txt',
    ]);
    expect(told('a.b.second\r\na.b.third\na.b.gone\n')).toEqual([
      'planned.txt: a.b.second is covered: strike it',
      'planned.txt: a.b.gone is no row: strike it',
    ]);
    const stray = [{ id: 'x:stray', covers: ['a.b.fourth', 'a.b.first/three', 'a.b.first/two'] }];
    expect(told('a.b.third\n', [...CASES, ...stray])).toEqual([
      'x:stray: covers a.b.fourth, which is not in the catalog: correct it',
      'x:stray: covers a.b.first/three, which is not in the catalog: correct it',
    ]);
  },
);
