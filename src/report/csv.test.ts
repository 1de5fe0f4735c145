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

test('every field of a result has a column, in an order of its own', async () => {
  const base = await report([], '');
  const at = { index: [6, 4], actual: 1.5, expected: -2 };
  const timing = {
    source: 'timestamp',
    quantumNs: 1,
    samples: 7,
    coldMs: 31,
    medianMs: 32,
    minMs: 33,
    ciMs: [34, 35],
  } as const;
  const full = result({
    id: 'a.b:c;n=1',
    suite: 'a.b',
    backend: 'bridge-torch-cpu',
    env: 1,
    tier: 'slow',
    status: 'fail',
    durationMs: 11,
    gpuMs: 12,
    attempts: 13,
    assertions: 14,
    kernels: ['k/one', 'k/two'],
    covers: ['tb.x', 'tb.y'],
    control: { fault: 'f', status: 'red' },
    error: { code: 'far', message: 'too far', at },
    finding: { code: 'odd', message: 'it is odd' },
    fault: 'driver',
    accuracy: { maxAbs: 21, maxRel: 22, maxUlp: 23, boundUsed: 24, typicalUsed: 25 },
    timing: { ...timing, ciMs: [...timing.ciMs] },
    setting: 'NHWC, captured',
    metrics: { zeta: 41, alpha: 42 },
  });
  const found = result({
    id: 'a:d',
    status: 'pass',
    assertions: 1,
    finding: { code: 'x', message: 'y', at },
  });
  const [here] = base.environments as [Report['environments'][number]];
  const adapter = { ...here.adapter, description: 'Radeon' };
  const there = { ...here, runtime: 'chromium', runtimeVersion: '156.1', adapter };
  const of = { ...base, environments: [here, there], results: [full, found] };
  expect(Object.entries(records(of)[0] ?? {}).map(([name, cell]) => `${name} ${cell}`)).toEqual([
    ...['id a.b:c;n=1', 'suite a.b', 'backend bridge-torch-cpu', 'env 1', 'adapter Radeon'],
    ...['runtime chromium 156.1', 'tier slow', 'status fail', 'code far', 'message too far'],
    ...['index 6 4', 'actual 1.5', 'expected -2', 'finding odd', 'findingMessage it is odd'],
    ...['fault driver', 'control red', 'assertions 14', 'attempts 13', 'durationMs 11'],
    ...['gpuMs 12', 'boundUsed 24', 'typicalUsed 25', 'maxAbs 21', 'maxRel 22', 'maxUlp 23'],
    ...[
      'setting NHWC, captured',
      'timingSource timestamp',
      'samples 7',
      'coldMs 31',
      'medianMs 32',
      'minMs 33',
    ],
    ...['ciMs 34 35', 'kernels k/one k/two', 'covers tb.x tb.y'],
    ...['metrics.alpha 42', 'metrics.zeta 41'],
  ]);
  expect(records(of)[1]).toMatchObject({ index: '6 4', actual: '1.5', expected: '-2', code: '' });
});
