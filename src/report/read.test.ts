import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReportError } from './error.ts';
import { RUN, report as reportOf, reportsOfAllKinds, result } from './fixtures/reports.ts';
import { MAX_REPORT_BYTES, readReport } from './read.ts';
import type { CaseResult, Report } from './schema.ts';
import { validateReport } from './validate.ts';
import { writeReport } from './write.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/**
 * What reading throws; fails when it does not, or throws anything else than one line of
 * ReportError.
 */
function refusal(source: string | Uint8Array): ReportError {
  try {
    readReport(source, 'a.json');
  } catch (error) {
    if (!(error instanceof ReportError)) throw error;
    expect(error.message).toMatch(/^a\.json: .+$/);
    expect(error.message).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
    expect(error.message.length).toBeLessThanOrEqual(400);
    return error;
  }
  throw new Error(`was not refused: ${source.slice(0, 200)}`);
}

test('what is written is read back, as text and as bytes, with or without a byte order mark', async () => {
  for (const report of [RUN, ...(await reportsOfAllKinds())]) {
    const text = writeReport(report);
    expect(readReport(text, 'a.json')).toEqual(report);
    expect(readReport(bytes(text), 'a.json')).toEqual(report);
    expect(readReport(bytes(`\uFEFF${text}`), 'a.json')).toEqual(report);
  }
});

/** The recorded run with something changed. */
function changed(change: (report: Report, first: CaseResult) => unknown): string {
  const copy = structuredClone(RUN);
  change(copy, copy.results[0] as CaseResult);
  return JSON.stringify(copy);
}
const set = (target: object, key: string, value: unknown) =>
  Object.assign(target, { [key]: value });

test.each([
  [
    'a status that does not exist',
    (_: Report, r: CaseResult) => set(r, 'status', 'passed'),
    'report-invalid',
    'results[0].status',
  ],
  [
    'an unknown member',
    (_: Report, r: CaseResult) => set(r, 'extra', 1),
    'report-invalid',
    'results[0].extra: no report has such a field',
  ],
  [
    'a missing member',
    (r: Report) => Reflect.deleteProperty(r.run, 'planHash'),
    'report-invalid',
    'run.planHash: is missing',
  ],
  [
    'a code that is not kebab-case',
    (_: Report, r: CaseResult) => set(r, 'skip', { code: 'A_B', detail: '' }),
    'report-invalid',
    'skip.code',
  ],
  [
    'a newer schema',
    (r: Report) => set(r, 'schema', 'gradproof-report/2'),
    'report-invalid',
    'update Gradproof',
  ],
  [
    'a wrong sum',
    (r: Report) => set(r.summary, 'passed', 99),
    'report-inconsistent',
    'summary.passed: is 99, the results say 14',
  ],
  [
    'a wrong total',
    (r: Report) => set(r.summary, 'total', 0),
    'report-inconsistent',
    'summary.total',
  ],
  ['a case twice', (r: Report, c: CaseResult) => r.results.push(c), 'report-inconsistent', 'twice'],
  [
    'an environment that is not there',
    (_: Report, r: CaseResult) => set(r, 'env', 1),
    'report-inconsistent',
    'results[0].env',
  ],
  [
    'a pass without an assertion',
    (_: Report, r: CaseResult) => set(r, 'assertions', 0),
    'report-inconsistent',
    'assertions',
  ],
  [
    'a pass beyond its bound',
    (r: Report) => set(legal(r), 'boundUsed', 1.01),
    'report-inconsistent',
    'boundUsed',
  ],
  [
    'a pass whose share of the bound is no number',
    (r: Report) => set(legal(r), 'boundUsed', null),
    'report-inconsistent',
    'boundUsed',
  ],
  [
    'a share of the bound below 0',
    (r: Report) => set(legal(r), 'boundUsed', -0.01),
    'report-invalid',
    'boundUsed',
  ],
  [
    'a fail without a reason',
    (_: Report, r: CaseResult) => set(r, 'status', 'fail'),
    'report-inconsistent',
    'results[0].error',
  ],
  [
    'a skip without a reason',
    (_: Report, r: CaseResult) => set(r, 'status', 'skip'),
    'report-inconsistent',
    'results[0].skip',
  ],
  [
    'a foreign suite',
    (_: Report, r: CaseResult) => set(r, 'suite', 'ops'),
    'report-inconsistent',
    'results[0].suite',
  ],
  [
    'a shard beyond their number',
    (r: Report) => set(r.run, 'shard', '3/2'),
    'report-inconsistent',
    'run.shard: 3/2 is no part of 2',
  ],
  [
    'an hour of 99',
    (r: Report) => set(r.run, 'startedAt', '2026-02-03T99:00:00Z'),
    'report-invalid',
    'run.startedAt',
  ],
  [
    'a 31st of February',
    (r: Report) => set(r.run, 'startedAt', '2026-02-31T09:00:00Z'),
    'report-inconsistent',
    'run.startedAt: 2026-02-31T09:00:00Z is no date',
  ],
])('%s is refused with the place and the reason', (_, change, code, words) => {
  const error = refusal(changed(change));
  expect(error.code).toBe(code);
  expect(error.message).toContain(words);
});

function legal(report: Report): object {
  return report.results.find(({ accuracy }) => accuracy)?.accuracy ?? {};
}

test('a file that is not JSON or UTF-8, or is empty, too large or too deep, is refused', () => {
  expect(refusal('').code).toBe('report-not-json');
  expect(refusal('{"schema":').code).toBe('report-not-json');
  expect(refusal(Uint8Array.of(0x7b, 0xff, 0x7d)).message).toContain('UTF-8');
  expect(refusal('['.repeat(1_000_000)).message).toContain('deep');
  expect(refusal(`{"a":"${'['.repeat(100)}"}`).code, 'brackets in a string do not nest').toBe(
    'report-invalid',
  );
  expect(refusal(new Uint8Array(64 * 2 ** 20 + 1)).code).toBe('report-too-large');
});

test("control sequences of a hostile file do not reach the reader's terminal", () => {
  expect(refusal(changed((_, r) => set(r, 'status', '\u001b[31mred\u202e\n'))).message).toContain(
    'results[0].status',
  );
});

test('any JSON value and any cut of a report is refused in one line', () => {
  fc.assert(fc.property(fc.json(), (text) => void refusal(text)));
  const text = writeReport(RUN).trimEnd();
  fc.assert(fc.property(fc.nat(text.length - 1), (length) => void refusal(text.slice(0, length))));
});

test('a report is written with one space a level, and a line break behind it', () => {
  const lines = writeReport(RUN).split('\n');
  expect(lines.slice(0, 4)).toEqual([
    '{',
    ' "schema": "gradproof-report/1",',
    ' "kind": "run",',
    ' "tool": {',
  ]);
  expect(lines[4]).toBe('  "name": "gradproof",');
  expect(lines.slice(-2)).toEqual(['}', '']);
});

test('a report that breaks the rules is not written', async () => {
  const named = { ...RUN, run: { ...RUN.run, id: 'one', seed: -1 } };
  expect(() => writeReport(named)).toThrow(/^report one: run\.seed: /);
  const unproved = result({ id: 'a:b', status: 'pass', assertions: 0 });
  await expect(reportOf([unproved], '').then(writeReport)).rejects.toThrow(ReportError);
  const wild = result({ id: 'a:b', status: 'pass', assertions: 1, durationMs: Number.NaN });
  await expect(reportOf([wild], '').then(writeReport)).rejects.toThrow(/results\[0\]\.durationMs/);
});

test('a file of 64 MiB is read, and one of 16 nested brackets', () => {
  expect(MAX_REPORT_BYTES).toBe(67_108_864);
  expect(refusal(' '.repeat(MAX_REPORT_BYTES)).message).toContain('is empty');
  const nested = (deep: number) => `${'['.repeat(deep - 1)}{}${']'.repeat(deep - 1)}`;
  expect(refusal(nested(16)).code).toBe('report-invalid');
  expect(refusal(nested(17)).message).toBe(
    'a.json: nests more than 16 deep, so it is no report: is this the right file?',
  );
  expect(refusal('['.repeat(16)).message).toContain('is not JSON');
  expect(refusal('{'.repeat(17)).message).toContain('deep');
  // What was closed does not count, nor what stands in a string behind an escaped quote.
  expect(refusal(`[${new Array(40).fill('[]').join()}]`).code).toBe('report-invalid');
  expect(refusal(`[${new Array(40).fill('{}').join()}]`).code).toBe('report-invalid');
  const brackets = '['.repeat(40);
  expect(refusal(`["\\"${brackets}"]`).code).toBe('report-invalid');
  expect(refusal(`["\\\\", "${brackets}"]`).code).toBe('report-invalid');
  expect(refusal(`["#${brackets}]"`).code).toBe('report-not-json');
  expect(refusal(`["", ${nested(17)}]`).message).toContain('deep');
  expect(refusal(`["a", ${nested(17)}]`).message).toContain('deep');
  expect(refusal(`["\\\\", ${nested(17)}]`).message).toContain('deep');
});

test('what is wrong is told in words of its own', () => {
  expect(refusal('null').message).toContain('a.json: the report: ');
  expect(refusal('{}').message).toContain('a.json: schema: is missing');
  expect(refusal('').message).toBe('a.json: is empty: make the report again with --report');
  expect(refusal('{').message).toMatch(
    /^a\.json: is not JSON \(.+ in JSON at position 1.*\): is the file cut off\?$/,
  );
  expect(refusal(changed((r) => set(r, 'schema', 'gradproof-report/10'))).message).toContain(
    'schema is gradproof-report/10, newer than this Gradproof knows',
  );
  expect(refusal(changed((r) => set(r, 'schema', 'gradproof-report/0'))).code).toBe(
    'report-invalid',
  );
});

test('one case may have a result of each backend and each environment', () => {
  const again = (over: Partial<CaseResult>) => (r: Report, c: CaseResult) => {
    r.results.push({ ...c, ...over });
    r.summary = { ...r.summary, total: 15, passed: 15 };
    r.environments.push(r.environments[0] as Report['environments'][number]);
  };
  const read = (over: Partial<CaseResult>) => readReport(changed(again(over)), 'a.json').results;
  expect(read({ backend: 'bridge-torch-cpu' })).toHaveLength(15);
  expect(read({ env: 1 })).toHaveLength(15);
  const { message } = refusal(changed(again({ tier: 'slow', durationMs: 1 })));
  expect(message).toBe(
    `a.json: results[14].id: ${RUN.results[0]?.id} on webgpu is there twice: use the file as --report wrote it, or make the report again`,
  );
});

test('a pass may use all of its bound, and no more than that', () => {
  const at = RUN.results.findIndex(({ accuracy }) => accuracy);
  const used = (boundUsed: number, typicalUsed: number | null) =>
    changed((r) => void Object.assign(r.results[at]?.accuracy ?? {}, { boundUsed, typicalUsed }));
  expect(readReport(used(1, 7), 'a.json').results).toHaveLength(14);
  expect(readReport(used(0, null), 'a.json').results).toHaveLength(14);
  expect(refusal(used(1.5, 0)).message).toContain(
    `accuracy.boundUsed: ${RUN.results[at]?.id} passed with 1.5, and not from 0 to 1`,
  );
});

test('what stands behind the first mistake of a report is not looked at', () => {
  const looked: string[] = [];
  const report = Object.defineProperty({ ...RUN, kind: 'none' }, 'results', {
    enumerable: true,
    get: () => looked.push('results'),
  });
  expect(() => validateReport(report, 'a.json')).toThrow(/^a\.json: kind: /);
  expect(looked).toEqual([]);
});
