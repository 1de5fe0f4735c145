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
