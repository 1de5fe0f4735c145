import { expect, test } from 'vitest';
import { toCsv } from './table.ts';

test('writes numbers as they are, and quotes what would break a row', () => {
  const columns = [{ label: 'check, or part' }, { label: 'share' }];
  const rows = [
    ['a "b"', 1.5e-7],
    ['two\nlines', undefined],
    ['=SUM(A1)', -3],
  ];
  expect(toCsv({ columns, rows })).toBe(
    '"check, or part",share\r\n"a ""b""",1.5e-7\r\n"two\nlines",\r\n\'=SUM(A1),-3\r\n',
  );
});
