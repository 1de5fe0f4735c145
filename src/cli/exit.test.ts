import { expect, test } from 'vitest';
import { covers } from '../catalog/covers.ts';
import { report, result } from '../report/fixtures/reports.ts';
import type { CaseResult } from '../report/schema.ts';
import { TIERS } from '../report/tiers.ts';
import { EXIT, exitOfReport } from './exit.ts';

const passed = (i: number) => result({ id: `a:${i}`, status: 'pass', assertions: 1 });
const skipped = result({
  id: 'a:half',
  status: 'skip',
  assertions: 0,
  skip: { code: 'missing-feature', detail: 'shader-f16' },
});
const wrong = (status: CaseResult['status']) =>
  result({ id: 'a:odd', status, assertions: 1, error: { code: 'x', message: 'y' } });
const many = Array.from({ length: 99 }, (_, i) => passed(i));

test(
  'in every tier all must pass but what a feature is missing for',
  covers('tb.utilities.pass-rate-gate/all-must-pass'),
  async () => {
    const exitOf = async (tier: CaseResult['tier'], ...odd: readonly CaseResult[]) => {
      const { run, results, ...rest } = await report([...many, skipped, ...odd], '');
      const inTier = results.map((one) => ({ ...one, tier }));
      return exitOfReport({ ...rest, run: { ...run, tier }, results: inTier }, false);
    };
    for (const tier of TIERS) {
      expect(await exitOf(tier), tier).toBe(EXIT.ok);
      for (const status of ['fail', 'error', 'timeout', 'lost'] as const)
        expect(await exitOf(tier, wrong(status)), `${tier}: ${status}`).toBe(EXIT.failed);
    }
  },
);

test(
  'a skip is no pass, neither in the counts nor for the exit status',
  covers('fsdp.utilities.skip-if-backend-unavailable/counted-separately'),
  async () => {
    const some = await report([passed(1), skipped], '');
    expect(some.summary).toMatchObject({ total: 2, passed: 1, skipped: 1 });
    expect(exitOfReport(some, false)).toBe(EXIT.ok);
    const none = await report([skipped], '');
    expect(none.summary).toMatchObject({ total: 1, passed: 0, skipped: 1 });
    expect(exitOfReport(none, false)).toBe(EXIT.failed);
  },
);
