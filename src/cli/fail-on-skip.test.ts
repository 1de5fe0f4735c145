import { expect, test } from 'vitest';
import { covers } from '../catalog/covers.ts';
import { report, result } from '../report/fixtures/reports.ts';
import { validateReport } from '../report/validate.ts';
import { EXIT, exitOfReport } from './exit.ts';
import { failOnSkip } from './fail-on-skip.ts';

const skipped = (id: string, code: string, detail: string) =>
  result({ id, status: 'skip', assertions: 0, skip: { code, detail } });
const RESULTS = [
  result({ id: 'a:passed', status: 'pass', assertions: 1 }),
  skipped('a:half', 'missing-feature', 'shader-f16'),
  skipped('a:both', 'missing-feature', 'subgroups, shader-f16-too'),
  skipped('a:library', 'missing-library', 'torch is not installed; install it'),
  skipped('a:slow', 'fallback-adapter', 'a processor computes here'),
];

test(
  'a skip for want of what is named fails the run, and no other skip does',
  covers('fsdp.utilities.skip-if-backend-unavailable/fail-on-skip').control(
    'skips stay what they are',
    {
      file: 'src/cli/fail-on-skip.ts',
      from: 'if (want === undefined) return result;',
      to: 'if (want !== undefined) return result;',
    },
  ),
  async () => {
    const whole = await report(RESULTS, '');
    const failed = (...wanted: readonly string[]) => {
      const judged = validateReport(failOnSkip(whole, wanted), 'judged');
      const ids = judged.results.filter(({ status }) => status === 'fail').map(({ id }) => id);
      expect(judged.summary).toMatchObject({
        failed: ids.length,
        skipped: 4 - ids.length,
        passed: 1,
      });
      expect(exitOfReport(judged, false)).toBe(ids.length > 0 ? EXIT.failed : EXIT.ok);
      return ids;
    };
    expect(failed()).toEqual([]);
    expect(failed('shader-f16')).toEqual(['a:half']);
    expect(failed('timestamp-query')).toEqual([]);
    expect(failed('torch', 'subgroups')).toEqual(['a:both', 'a:library']);
    expect(failed('fallback-adapter')).toEqual(['a:slow']);
    const [, half] = failOnSkip(whole, ['shader-f16']).results;
    expect(half?.error).toEqual({
      code: 'skip-not-allowed',
      message:
        'was skipped (missing-feature: shader-f16), which --fail-on-skip shader-f16 does not allow',
    });
  },
);
