import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { toCsv } from './csv.ts';
import { RUN, report, reportsOfAllKinds, result } from './fixtures/reports.ts';
import type { Report } from './schema.ts';

/** The rows of RFC 4180, character by character. */
function parse(csv: string): string[][] {
  const rows: string[][] = [[]];
  let field = '';
  let quoted = false;
  for (let i = 0; i < csv.length; i++) {
    const c = csv[i] as string;
    if (quoted && c === '"' && csv[i + 1] === '"') field += csv[++i];
    else if (c === '"') quoted = !quoted;
    else if (quoted || !(c === ',' || csv.startsWith('\r\n', i))) field += c;
    else {
      rows.at(-1)?.push(field);
      field = '';
      if (c === '\r') rows.push([]);
      if (c === '\r') i++;
    }
  }
  return rows.slice(0, -1);
}

function records(of: Report): Record<string, string>[] {
  const [header = [], ...rows] = parse(toCsv(of));
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i] ?? ''])));
}

test('a run is a line a case with numbers in full', () => {
  const rows = records(RUN);
  expect(rows.map(({ id }) => id)).toEqual(RUN.results.map(({ id }) => id));
  const first = rows[0];
  const theirs = RUN.results[0];
  expect(first).toMatchObject({
    status: 'pass',
    adapter: 'SwiftShader driver 5.0.0',
    runtime: 'node 20.20.2',
    code: '',
    actual: '',
  });
  expect(Number(first?.['durationMs'])).toBe(theirs?.durationMs);
  expect(Number(first?.['assertions'])).toBe(theirs?.assertions);
});

test('failures bring reason and element, benches their times and metrics', async () => {
  const [run, bench] = (await reportsOfAllKinds()) as [Report, Report];
  const failed = records(run).find(({ status }) => status === 'fail');
  expect(failed).toMatchObject({
    code: 'not-within',
    message: 'too far',
    index: '64 0',
    actual: '0',
    expected: '-113',
    fault: 'kernel',
  });
  expect(records(run).find(({ status }) => status === 'skip')).toMatchObject({
    code: 'missing-feature',
    message: 'shader-f16',
  });
  expect(records(bench)[0]).toMatchObject({
    medianMs: '23.8',
    ciMs: '23.3 24.5',
    timingSource: 'wall',
    'metrics.gflops': '11.28',
    'metrics.ceiling': '',
  });
});

test('any text survives, and none begins as a formula', async () => {
  const base = await report([], '');
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({
      unit: fc.constantFrom('"', ',', '\r', '\n', '=', '+', '-', '@', '\t', ';', "'", 'a'),
    }),
  );
  fc.assert(
    fc.property(hostile, hostile, (message, metric) => {
      const failed = result({
        id: 'a:b',
        status: 'error',
        assertions: 0,
        error: { code: 'x', message },
        metrics: { [metric]: -1.5 },
      });
      const [row] = records({ ...base, results: [failed, failed] });
      expect(row?.['message']).toBe(
        (/^[=+\-@\t\r\n]/.test(message) ? `'${message}` : message).toWellFormed(),
      );
      expect(row?.['message']).not.toMatch(/^[=+\-@\t\r\n]/);
      expect(row?.[`metrics.${metric}`.toWellFormed()]).toBe('-1.5');
    }),
  );
});
