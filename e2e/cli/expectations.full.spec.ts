import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { covers } from '../../src/catalog/covers.ts';
import { readReport } from '../../src/report/read.ts';
import { gradproof } from './gradproof.ts';
import { expect, test } from './scratch.ts';

const FEW = ['--runtime', 'node', '--filter', 'ops.nn.silu:legal;x=*', '--filter', '!*128x129'];

test(
  'what failed runs again into the first report, and expectations decide whether it fails the run',
  covers(
    'tb.utilities.last-failed/exactly-failed-rows',
    'tb.utilities.last-failed/none-failed',
    'tb.utilities.last-failed/fixed-row-leaves',
  ).control('what passed runs again, too', {
    file: 'src/harness/rerun.ts',
    from: "verdictOf(result) !== 'right' && ",
    to: '',
  }),
  async ({ folder }) => {
    const file = join(folder, 'report.json');
    const expectations = join(folder, 'expect.json');
    expect((await gradproof([...FEW, '--controls', '--report', file])).status).toBe(0);
    const first = readReport(readFileSync(file), 'report.json');
    expect(first.results.every(({ control }) => control?.status === 'red')).toBe(true);
    const [broken, ...sound] = first.results;
    if (!broken || sound.length < 2) throw new Error('the filter leaves too few cases');

    // The first cases as a run leaves them that another case broke into.
    const lose = (count: number) => {
      const error = { code: 'device-lost', message: 'gone' };
      const results = first.results.map((result, i) =>
        i < count ? { ...result, status: 'lost', error } : result,
      );
      const summary = { ...first.summary, passed: first.summary.passed - count, lost: count };
      writeFileSync(file, JSON.stringify({ ...first, summary, results }));
    };
    lose(2);
    const both = await gradproof(['--runtime', 'node', '--last-failed', file]);
    expect(both.status).toBe(0);
    const mended = readReport(readFileSync(file), 'report.json').results;
    expect(mended.map(({ status }) => status)).toEqual(first.results.map(() => 'pass'));
    expect(mended.slice(2), 'nothing else ran').toEqual(first.results.slice(2));

    lose(1);
    const expecting = (expires: string) => {
      const entry = {
        case: broken.id,
        adapter: '*',
        reason: 'it hangs',
        link: 'https://example.org/1',
        expires,
      };
      writeFileSync(
        expectations,
        JSON.stringify({
          schema: 'gradproof-expectations/1',
          expectations: [entry, { ...entry, case: 'ops.gone:*' }],
        }),
      );
    };
    const again = async (...args: string[]) => {
      const ended = await gradproof(['--runtime', 'node', '--last-failed', file, ...args]);
      const report = readReport(readFileSync(file), 'report.json');
      expect(
        report.results.filter(({ id }) => id !== broken.id),
        'nothing else ran',
      ).toEqual(sound);
      return { ...ended, report, result: report.results.find(({ id }) => id === broken.id) };
    };

    const hanging = await again('--timeout', '1');
    expect([hanging.status, hanging.result?.status]).toEqual([1, 'timeout']);
    expect(hanging.stdout).not.toContain('1 cases');
    expect(hanging.report.summary.total).toBe(first.summary.total);

    expecting('2999-01-01');
    const expected = await again('--timeout', '1', '--expect', expectations);
    expect([expected.status, expected.result?.finding?.code]).toEqual([0, 'expected-failure']);
    expect(expected.stdout).toContain(
      '--expect: no case is called ops.gone:* (it hangs): correct the entry, or remove it',
    );
    expecting('2020-01-01');
    const expired = await again('--timeout', '1', '--expect', expectations);
    expect([expired.status, expired.result?.finding?.code]).toEqual([1, 'expectation-expired']);
    expecting('2999-01-01');
    const fixed = await again('--expect', expectations);
    expect([fixed.status, fixed.result?.finding?.code]).toEqual([0, 'unexpected-pass']);
    expect(fixed.stdout).toContain(`1 passed against the expectations, which can go: ${broken.id}`);

    const copy = join(folder, 'copy.json');
    const nothing = await again('--report', copy, '--expect', expectations);
    expect([nothing.status, nothing.stdout]).toEqual([
      0,
      expect.stringContaining('there is nothing to run again'),
    ]);
    expect(nothing.result, 'what is fixed is left alone').toEqual(fixed.result);
    expect(readReport(readFileSync(copy), 'copy.json').results).toEqual(nothing.report.results);

    const ofAnother = {
      ...nothing.report,
      run: { ...nothing.report.run, planHash: '0'.repeat(64) },
    };
    writeFileSync(file, JSON.stringify(ofAnother));
    const refused = await again();
    expect([refused.status, refused.stdout, refused.report]).toEqual([2, '', ofAnother]);
    expect(refused.stderr).toMatch(
      /^gradproof: --last-failed: \S+ is of another plan than this build: run without it once\n$/,
    );
  },
);
