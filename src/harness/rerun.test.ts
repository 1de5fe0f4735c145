import { expect, test } from 'vitest';
import { RUN, report as reportOf, result } from '../report/fixtures/reports.ts';
import { MergeError } from '../report/merge.ts';
import type { CaseResult, Report } from '../report/schema.ts';
import { assertSamePlan, failedIds, mergeRerun } from './rerun.ts';

const passed = (id: string, more: Partial<CaseResult> = {}) =>
  result({ id, status: 'pass', assertions: 1, ...more });
const lost = (id: string) =>
  result({ id, status: 'lost', assertions: 0, error: { code: 'device-lost', message: 'gone' } });
const skipped = (id: string) =>
  result({
    id,
    status: 'skip',
    assertions: 0,
    skip: { code: 'missing-feature', detail: 'shader-f16' },
  });
const green = { fault: 'a sign is flipped', status: 'green' } as const;

async function reportWith(results: readonly CaseResult[], vendor = 'one'): Promise<Report> {
  const [environment] = RUN.environments;
  if (!environment) throw new Error('the fixture has no environment');
  const adapter = { ...environment.adapter, vendor };
  return { ...(await reportOf(results, '')), environments: [{ ...environment, adapter }] };
}

test('what did not pass runs again: failures, and passes whose control stayed green', async () => {
  const report = await reportWith([
    passed('a:1'),
    lost('a:2'),
    skipped('a:3'),
    passed('a:4', { control: green }),
  ]);
  expect(failedIds(report)).toEqual(['a:2', 'a:4']);
});

test('its results take the place of the old ones, and the rest stays', async () => {
  const first = await reportWith([passed('a:1'), lost('a:2'), lost('a:3')]);
  const merged = mergeRerun(first, await reportWith([passed('a:2', { attempts: 2 })], 'two'));
  expect(
    merged.results.map(({ id, status, attempts, env }) => [id, status, attempts, env]),
  ).toEqual([
    ['a:1', 'pass', 1, 0],
    ['a:2', 'pass', 2, 1],
    ['a:3', 'lost', 1, 0],
  ]);
  expect(merged.summary).toMatchObject({ total: 3, passed: 2, lost: 1 });
  expect(merged.run.id).toBe(first.run.id);
  expect(mergeRerun(first, await reportWith([passed('a:2')])).environments).toHaveLength(1);
});

test('reports of different plans do not join', async () => {
  const first = await reportWith([lost('a:1')]);
  const other = { ...first, run: { ...first.run, planHash: '0'.repeat(64) } };
  expect(() => mergeRerun(first, other)).toThrow(MergeError);
  expect(() => assertSamePlan(first, first.run.planHash)).not.toThrow();
  expect(() => assertSamePlan(other, first.run.planHash)).toThrow(
    /^--last-failed: \S+ is of another plan than this build: run without it once$/,
  );
});
