import { expect, test } from 'vitest';
import { RUN, report as reportOf, result } from './fixtures/reports.ts';
import { MergeError, mergeReports } from './merge.ts';
import { readReport } from './read.ts';
import type { Report } from './schema.ts';
import { writeReport } from './write.ts';

/** The recorded run as if it had been run in `count` shards. */
function shards(count: number): Report[] {
  return Array.from({ length: count }, (_, part) => {
    const results = RUN.results.filter((_, position) => position % count === part);
    const run = { ...RUN.run, shard: `${part + 1}/${count}` };
    const summary = { ...RUN.summary, total: results.length, passed: results.length };
    return { ...RUN, run, results, summary };
  });
}

function codeOf(reports: readonly Report[]): string {
  try {
    mergeReports(reports);
  } catch (error) {
    expect(error).toBeInstanceOf(MergeError);
    return (error as MergeError).code;
  }
  return 'merged';
}

test('all shards make the whole run again, each result with the environment that it ran in', () => {
  const [a, b, c] = shards(3) as [Report, Report, Report];
  const other = { ...RUN.environments[0], runtime: 'chromium' } as Report['environments'][number];
  const merged = mergeReports([c, { ...a, environments: [other] }, b]);
  expect(merged.results.map(({ env: _, ...rest }) => rest)).toEqual(
    RUN.results.map(({ env: _, ...rest }) => rest),
  );
  expect(merged.environments.map(({ runtime }) => runtime)).toEqual(['node', 'chromium']);
  for (const { id } of a.results) expect(merged.results.find((one) => one.id === id)?.env).toBe(1);
  expect(merged.run).toMatchObject({
    complete: true,
    shard: '1/1',
    planHash: RUN.run.planHash,
    filters: RUN.run.filters,
  });
  expect(merged.run.durationMs).toBe(3 * RUN.run.durationMs);
  expect(merged.summary).toEqual(RUN.summary);
  expect(readReport(writeReport(merged), 'merged')).toEqual(merged);
});

test('the machine of two shards is there once, whatever its probe measured', () => {
  const [a, b] = shards(2) as [Report, Report];
  const [machine] = RUN.environments as [Report['environments'][number]];
  const later = { ...machine, probe: { ...machine.probe, tookMs: 12_345 } };
  const merged = mergeReports([a, { ...b, environments: [later] }]);
  expect(merged.environments).toEqual([machine]);
  expect(new Set(merged.results.map(({ env }) => env))).toEqual(new Set([0]));
  const more = { ...machine, cores: machine.cores + 1 };
  expect(mergeReports([a, { ...b, environments: [more] }]).environments).toEqual([machine, more]);
});

test('a missing or an unfinished shard leaves the whole incomplete', () => {
  const [a, b, c] = shards(3) as [Report, Report, Report];
  expect(mergeReports([a, c]).run).toMatchObject({ complete: false, shard: '1/3' });
  expect(mergeReports([a, b, { ...c, run: { ...c.run, complete: false } }]).run.complete).toBe(
    false,
  );
  expect(mergeReports([{ ...a, run: { ...a.run, shard: '1/999999999' } }, b]).run.complete).toBe(
    false,
  );
});

test('parts of different runs are refused', () => {
  const [a, b] = shards(2) as [Report, Report];
  const with_ = (run: Partial<Report['run']>) => codeOf([a, { ...b, run: { ...b.run, ...run } }]);
  expect(with_({})).toBe('merged');
  expect(with_({ planHash: '0'.repeat(64) })).toBe('different-plan');
  expect(with_({ seed: 1 })).toBe('different-run');
  expect(with_({ timeoutMs: 5 })).toBe('different-run');
  expect(with_({ options: ['--samples 5'] })).toBe('different-run');
  expect(with_({ tier: 'full' })).toBe('different-run');
  expect(with_({ filters: ['*'] }), 'the other one excludes').toBe('different-run');
  expect(codeOf([a, { ...b, tool: { ...b.tool, commit: 'other' } }])).toBe('different-run');
  expect(codeOf([a, b, a])).toBe('repeated-case');
  expect(codeOf([a, { ...a, environments: a.environments }])).toBe('repeated-case');
  expect(codeOf([])).toBe('nothing-to-merge');
});

test('filters that only include are or-ed, and none means all', async () => {
  const part = (id: string, filters: readonly string[]) =>
    reportOf([result({ id, status: 'pass', assertions: 1 })], '', {
      options: { tier: 'full', filters, shard: { index: 1, count: 1 }, seed: 1 },
    });
  const [a, b, all] = await Promise.all([
    part('a:x', ['a*', 'x*']),
    part('b:x', ['b*', 'x*']),
    part('c:x', []),
  ]);
  expect(mergeReports([a, b]).run.filters).toEqual(['a*', 'x*', 'b*']);
  expect(mergeReports([a, all]).run.filters).toEqual([]);
});

test('the joined run began with its first part, and says which parts there are', () => {
  const [a, b] = shards(2) as [Report, Report];
  const early = { ...b, run: { ...b.run, startedAt: '2020-01-02T03:04:05.000Z' } };
  const { run } = mergeReports([a, early]);
  expect(run.startedAt).toBe('2020-01-02T03:04:05.000Z');
  expect(run.id).toMatch(/^2020-01-02T03-04-05Z-/);
  expect(run.seed).toBe(RUN.run.seed);
});

test.each([
  ['one of two', [[1, 2]], false],
  [
    'two of two',
    [
      [2, 2],
      [1, 2],
    ],
    true,
  ],
  [
    'one twice',
    [
      [1, 2],
      [1, 2],
    ],
    false,
  ],
  [
    'the first and the third of three',
    [
      [1, 3],
      [3, 3],
    ],
    false,
  ],
  ['the whole', [[1, 1]], true],
  [
    'a whole beside a part',
    [
      [1, 1],
      [1, 2],
    ],
    false,
  ],
  [
    'the whole in two ways',
    [
      [1, 1],
      [1, 2],
      [2, 2],
    ],
    true,
  ],
  [
    'parts of twelve and of two',
    [
      [1, 12],
      [2, 2],
    ],
    false,
  ],
] as const)('of %s the run is whole: %j', (_, parts, whole) => {
  const reports = parts.map(([index, count], i) => {
    const results = RUN.results.slice(i, i + 1);
    const summary = { ...RUN.summary, total: 1, passed: 1 };
    return { ...RUN, run: { ...RUN.run, shard: `${index}/${count}` }, results, summary };
  });
  expect(mergeReports(reports).run).toMatchObject({
    complete: whole,
    shard: whole ? '1/1' : `${parts[0][0]}/${parts[0][1]}`,
  });
});

test('what differs is named with both runs', () => {
  const [a, b] = shards(2) as [Report, Report];
  const named = (change: Partial<Report['run']>) => () =>
    mergeReports([
      { ...a, run: { ...a.run, id: 'first' } },
      { ...b, run: { ...b.run, id: 'second', ...change } },
    ]);
  expect(named({ seed: 1 })).toThrow(
    'merge: seed differs (first has 42, second has 1): merge shards',
  );
  expect(named({ timeoutMs: 5 })).toThrow('timeoutMs differs (first has standard, second has 5)');
  expect(named({ planHash: '0'.repeat(64) })).toThrow(
    `merge: the plans differ (first has ${a.run.planHash.slice(0, 12)}, second has 000000000000): merge reports`,
  );
  const version = { ...b, tool: { ...b.tool, version: '9' } };
  expect(() => mergeReports([a, version])).toThrow('version differs');
  expect(() => mergeReports([a, { ...b, kind: 'bench' }])).toThrow('kind differs');
  const third = { ...b, run: { ...b.run, seed: 3 } };
  expect(() => mergeReports([a, b, third])).toThrow('seed differs');
  const repeated = { ...a, run: { ...a.run, id: 'again' } };
  expect(() => mergeReports([b, { ...a, run: { ...a.run, id: 'first' } }, repeated])).toThrow(
    `merge: ${a.results[0]?.id} webgpu is in first and in again: name each shard once`,
  );
});

test('what differs is named with both files where these are named', () => {
  const [a, b, c] = shards(3) as [Report, Report, Report];
  const files = ['1.json', '2.json', '3.json'];
  const named =
    (...reports: readonly Report[]) =>
    () =>
      mergeReports(reports, files);
  expect(named(a, b, { ...c, run: { ...c.run, seed: 1 } })).toThrow(
    'merge: seed differs (1.json has 42, 3.json has 1): merge shards',
  );
  expect(named(a, { ...b, run: { ...b.run, planHash: '0'.repeat(64) } })).toThrow(
    `(1.json has ${a.run.planHash.slice(0, 12)}, 2.json has 000000000000)`,
  );
  expect(named(c, b, c)).toThrow(
    `merge: ${c.results[0]?.id} webgpu is in 1.json and in 3.json: name each shard once`,
  );
});

test('filters that exclude may not differ, and the same ones stay', () => {
  const [a, b] = shards(2) as [Report, Report];
  const filtered = (of: Report, filters: readonly string[]) => ({
    ...of,
    run: { ...of.run, filters: [...filters] },
  });
  const joined = (one: readonly string[], other: readonly string[]) =>
    mergeReports([filtered(a, one), filtered(b, other)]).run.filters;
  expect(joined(['a*', '!b*'], ['a*', '!b*'])).toEqual(['a*', '!b*']);
  expect(() => joined(['a*'], ['a*', '!b*'])).toThrow('the filters differ and one excludes cases');
  expect(joined(['!a*'], [])).toEqual([]);
  expect(joined(['a'], ['b', 'c'])).toEqual(['a', 'b', 'c']);
  expect(joined(['a\nb'], ['a,b'])).toEqual(['a\nb', 'a,b']);
});

test('rows that are covered in part come from all reports', () => {
  const [a, b] = shards(2) as [Report, Report];
  expect(mergeReports([a, b])).not.toHaveProperty('rows');
  const rows = { 'tb.x': ['one', 'two'] };
  expect(mergeReports([a, { ...b, rows }]).rows).toEqual(rows);
  expect(
    mergeReports([
      { ...a, rows: { 'tb.y': ['three'] } },
      { ...b, rows },
    ]).rows,
  ).toEqual({
    'tb.y': ['three'],
    ...rows,
  });
});
