import { expect, test } from 'vitest';
import { buildReport, identityOf, runId, sortResults, summarize } from './build.ts';
import { RUN, result } from './fixtures/reports.ts';
import type { Report } from './schema.ts';

test('a run is named by its start to the second, and by four digits of chance', () => {
  const started = new Date('2026-11-20T09:08:07.654Z');
  expect(runId(started)).toMatch(/^2026-11-20T09-08-07Z-[0-9a-f]{4}$/);
  expect(new Set(Array.from({ length: 8 }, () => runId(started))).size).toBeGreaterThan(1);
});

test('results are in the order of their ids, then of their environments', () => {
  const of = (id: string, env: number) => result({ id, status: 'pass', assertions: 1, env });
  const told = (...results: Parameters<typeof sortResults>[0]) =>
    sortResults(results).map(({ id, env }) => `${id} ${env}`);
  expect(told(of('b:x', 0), of('a:y', 1), of('a:y', 0), of('a:x', 2))).toEqual([
    'a:x 2',
    'a:y 0',
    'a:y 1',
    'b:x 0',
  ]);
  expect(told(of('a:y', 0), of('a:y', 1))).toEqual(['a:y 0', 'a:y 1']);
});

test('a report counts its statuses, and has what was asked for', () => {
  const statuses = ['pass', 'pass', 'fail', 'skip', 'error', 'timeout', 'lost'] as const;
  const results = statuses.map((status, i) => result({ id: `a:${i}`, status, assertions: 1 }));
  const counts = { passed: 2, failed: 1, skipped: 1, errored: 1, timedOut: 1, lost: 1 };
  expect(summarize(results)).toEqual({ total: 7, ...counts });
  const startedAt = new Date(Date.now() - 5000);
  const options = {
    tier: 'full',
    filters: ['a*'],
    shard: { index: 2, count: 3 },
    seed: 9,
  } as const;
  const identity = { kind: 'bench', startedAt, options, planHash: 'hash' } as const;
  const report = buildReport(identity, [], results, false);
  expect(report).toMatchObject({
    kind: 'bench',
    run: {
      startedAt: startedAt.toISOString(),
      tier: 'full',
      filters: ['a*'],
      shard: '2/3',
      seed: 9,
      complete: false,
      planHash: 'hash',
    },
    summary: { total: 7 },
  });
  expect(report.run).not.toHaveProperty('timeoutMs');
  expect(report.run).not.toHaveProperty('options');
  const asked = { ...identity, benchOptions: ['--samples 5'] };
  expect(buildReport(asked, [], [], true).run.options).toEqual(['--samples 5']);
  expect(report.run.durationMs).toBeGreaterThanOrEqual(5000);
  expect(report.run.durationMs).toBeLessThan(1e6);
  const limited = { ...identity, options: { ...options, timeoutMs: 7 } };
  expect(buildReport(limited, [], [], true).run).toMatchObject({ timeoutMs: 7, complete: true });
  // The wall clock may be set back during a run.
  const later = { ...identity, startedAt: new Date(Date.now() + 1e6) };
  expect(buildReport(later, [], [], true).run.durationMs).toBe(0);
});

test('environments differ by all but the times of their probe', () => {
  const [one] = RUN.environments as [Report['environments'][number]];
  const probed = (probe: object) => identityOf({ ...one, probe: { ...one.probe, ...probe } });
  expect(probed({ tookMs: 9, timestampQuantumNs: 5 })).toBe(identityOf(one));
  expect(probed({ rounding: 'other' })).not.toBe(identityOf(one));
  expect(identityOf({ ...one, cores: 99 })).not.toBe(identityOf(one));
});
