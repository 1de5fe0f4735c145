import { expect, test } from 'vitest';
import type { SchemeTotal } from '../../quantizer/choosing/totals.ts';
import { sortedBy } from '../controls/sortable.ts';
import { COLUMNS, type SchemeColumn, schemeTable } from './scheme-columns.ts';

const total = (method: string, bytes: number, given: Partial<SchemeTotal> = {}): SchemeTotal => ({
  scheme: { method, bits: 4, groupSize: 'channel' },
  weightError: 0.1,
  outputError: 1 / bytes,
  bytes,
  bitsPerWeight: 4.5,
  quantizeMs: 1,
  multiplyMs: 2,
  done: 1,
  layers: 1,
  isOnFront: false,
  ...given,
});

const TOTALS = [
  total('b10', 30),
  total('none', 0, { done: 0, why: 'rows of 7' }),
  total('b9', 20),
  total('a', 40),
];
const sorted = (key: SchemeColumn['key'], descending = false) => {
  const column = COLUMNS.find((one) => one.key === key) as SchemeColumn;
  return sortedBy(TOTALS, column.of, descending).map(({ scheme }) => scheme.method);
};

test('sorts by numbers either way, and what has none comes last', () => {
  expect(sorted('bytes')).toEqual(['b9', 'b10', 'a', 'none']);
  expect(sorted('bytes', true)).toEqual(['a', 'b10', 'b9', 'none']);
  expect(sorted('outputError')).toEqual(['a', 'b10', 'b9', 'none']);
});

test('sorts names as people read them, and leaves what is equal as it was', () => {
  expect(sorted('method')).toEqual(['a', 'b9', 'b10', 'none']);
  expect(sorted('bits')).toEqual(['b10', 'none', 'b9', 'a']);
});

test('a file has a line for each scheme, with the front or the refusal', () => {
  const { columns, rows } = schemeTable([
    total('x', 8, { isOnFront: true }),
    total('y', 8, { done: 1, layers: 2, why: 'rows of 7' }),
    TOTALS[1] as SchemeTotal,
    total('overflows', 8, { outputError: Number.NaN }),
  ]);
  expect(columns.map(({ label }) => label).slice(0, 3)).toEqual(['Method', 'Bits', 'Group']);
  expect(rows.map((row) => row.at(-1))).toEqual([
    '*',
    'only 1 of 2 layers: rows of 7',
    'rows of 7',
    expect.stringContaining('not finite'),
  ]);
  expect(rows[3]?.slice(3, 6)).toEqual([undefined, 0.1, 8]);
  expect(rows[0]?.slice(0, 6)).toEqual(['x', 4, 'output', 0.125, 0.1, 8]);
  expect(rows[2]?.slice(3, 9)).toEqual(Array(6).fill(undefined));
});
