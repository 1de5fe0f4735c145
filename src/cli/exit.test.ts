import { expect, test } from 'vitest';
import { covers } from '../catalog/covers.ts';
import { report, result } from '../report/fixtures/reports.ts';
import type { CaseResult } from '../report/schema.ts';
import { TIERS } from '../report/tiers.ts';
import { validateReport } from '../report/validate.ts';
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

/**
 * The catalog would have a missing feature alone skipped. The contract of exit statuses is wider and
 * holds: whatever says why it was skipped fails no run, such as a library that is not installed.
 */
test(
  'in every tier all must pass but what says why it was skipped',
  covers('tb.utilities.pass-rate-gate/all-must-pass').control(
    'one failure among many is let pass',
    { file: 'src/cli/exit.ts', from: 'right > 0 && wrong === 0', to: 'right > wrong' },
  ),
  async () => {
    const inTier = async (tier: CaseResult['tier'], ...odd: readonly CaseResult[]) => {
      const { run, results, ...rest } = await report([...many, ...odd], '');
      const all = results.map((one) => ({ ...one, tier }));
      return { ...rest, run: { ...run, tier }, results: all };
    };
    const exitOf = async (...given: Parameters<typeof inTier>) =>
      exitOfReport(validateReport(await inTier(...given), ''), false);
    const { skip: _, ...unsaid } = skipped;
    for (const tier of TIERS) {
      for (const code of ['missing-feature', 'missing-library', 'fallback-adapter']) {
        const said = { ...skipped, skip: { code, detail: 'why' } };
        expect(await exitOf(tier, said), `${tier}: ${code}`).toBe(EXIT.ok);
      }
      await expect(exitOf(tier, unsaid), tier).rejects.toThrow('was skipped without a reason');
      for (const status of ['fail', 'error', 'timeout', 'lost'] as const)
        expect(await exitOf(tier, skipped, wrong(status)), `${tier}: ${status}`).toBe(EXIT.failed);
    }
  },
);

test(
  'a skip is no pass, neither in the counts nor for the exit status',
  covers('fsdp.utilities.skip-if-backend-unavailable/counted-separately').control(
    'a run in which all was skipped ends well',
    { file: 'src/cli/exit.ts', from: 'right > 0 && wrong === 0', to: 'wrong === 0' },
  ),
  async () => {
    const some = await report([passed(1), skipped], '');
    expect(some.summary).toMatchObject({ total: 2, passed: 1, skipped: 1 });
    expect(exitOfReport(some, false)).toBe(EXIT.ok);
    const none = await report([skipped], '');
    expect(none.summary).toMatchObject({ total: 1, passed: 0, skipped: 1 });
    expect(exitOfReport(none, false)).toBe(EXIT.failed);
  },
);
