import { expect, test } from 'vitest';
import type { TuningRow } from '../../gpu/tuning.ts';
import { CHECKED_IN } from './checked-in.ts';
import { rowsTold, TuningTableError, toldOf } from './told.ts';

const MEASURED: readonly TuningRow[] = [
  { ops: ['softmax', 'rms_norm'], rows: [64], width: [1, 255], variant: 'serial' },
  { variant: 'tiled', lanes: 'few', dtype: 'f16', rows: [1, 1] },
  { variant: 'subgroup', sizes: { ROWS: 32 }, rows: [128] },
];

test('a table is told in the order of its rows, and read back the same', () => {
  const rows = [...MEASURED, ...CHECKED_IN];
  const told = toldOf(rows);
  expect(Object.entries(told).slice(0, 3)).toEqual([
    ['1: softmax+rms_norm, rows from 64, width from 1 to 255', 'serial'],
    ['2: ops with tiled, lanes few, dtype f16, rows from 1 to 1', 'tiled'],
    ['3: ops with subgroup, rows from 128', 'subgroup ROWS=32'],
  ]);
  expect(rowsTold(told)).toEqual(rows);
});

test('more than nine rows keep their order, however a file sorts them', () => {
  const rows = Array.from({ length: 12 }, (_, i): TuningRow => ({ variant: 'v', rows: [i, i] }));
  const told = Object.entries(toldOf(rows)).sort(([a], [b]) => (a < b ? -1 : 1));
  expect(told.slice(0, 3).map(([text]) => Number.parseInt(text, 10))).toEqual([10, 11, 12]);
  expect(rowsTold(Object.fromEntries(told))).toEqual(rows);
});

test('a row that stands earlier too is not told again', () => {
  const twice = [...MEASURED, ...MEASURED];
  expect(rowsTold(toldOf(twice))).toEqual(MEASURED);
  const other = { ...(MEASURED[0] as TuningRow), variant: 'cooperative' };
  expect(rowsTold(toldOf([...MEASURED, other])), 'tried where the first does not run').toEqual([
    ...MEASURED,
    other,
  ]);
});

test.each(['subgroup ROWS', 'subgroup rows=1', 'subgroup ROWS=-1', 'subgroup ROWS=1 '])(
  '"%s" is no choice',
  (choice) => {
    expect(() => rowsTold({ '1: ops with subgroup': choice })).toThrow(TuningTableError);
  },
);

test.each([
  'softmax, rows from 64',
  '1:',
  '1: softmax, rows from many',
  '1: softmax, rows from 64 to',
  '1: softmax, lanes some',
  '1: softmax, vendor intel',
  '1: softmax, dtype f 16',
  '1: soft max',
  '1: softmax+',
  '1: ops with tiled',
])('"%s" is no row', (text) => {
  expect(() => rowsTold({ [text]: 'serial' })).toThrow(TuningTableError);
});
