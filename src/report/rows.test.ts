import { expect, test } from 'vitest';
import { report as reportOf, result } from './fixtures/reports.ts';
import { withRows } from './rows.ts';

const covering = (...covers: readonly string[]) =>
  result({ id: 'a:b', status: 'pass', assertions: 1, covers: [...covers] });

test('a report has the clauses of the rows that it covers in part, and of no others', async () => {
  const whole = await reportOf([covering('tb.utilities.timeout')], '');
  expect(await withRows(whole)).toBe(whole);
  const part = await reportOf([covering('tb.utilities.timeout/page-reload-resumes')], '');
  const stale = { ...part, rows: { 'tb.gone': ['once'] } };
  const { rows, ...rest } = await withRows(stale);
  expect(rest).toEqual(part);
  expect(Object.keys(rows ?? {})).toEqual(['tb.utilities.timeout']);
  expect(rows?.['tb.utilities.timeout']).toContain('page-reload-resumes');
});
