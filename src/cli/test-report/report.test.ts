import { expect, test } from 'vitest';
import { NO_ADAPTER } from '../../report/schema.ts';
import { outcomesOfPlaywright } from './playwright.ts';
import { outcomesOfPytest } from './pytest.ts';
import { type CoveringTest, reportOfTests } from './report.ts';
import { outcomesOfVitest } from './vitest.ts';

const ENVIRONMENT = {
  runtime: 'node',
  runtimeVersion: '20',
  os: 'any',
  cores: 2,
  adapter: NO_ADAPTER,
  features: [],
  limits: {},
  probe: {},
  tuning: {},
};

const covering = (file: string, title: string): CoveringTest => ({
  id: `test.x:${title}`,
  backend: 'repository',
  file,
  title,
  covers: ['tb.utilities.timeout/page-reload-resumes'],
});

test('Vitest tells the tests that cover rows, with what held in them', () => {
  const meta = { covers: ['a'], assertions: 3 };
  const given = [
    { title: 'passes', status: 'passed', duration: 2, failureMessages: [], meta },
    { title: 'fails', status: 'failed', duration: 1, failureMessages: ['Error: no\n at x'], meta },
    { title: 'plain', status: 'passed', duration: 1, failureMessages: [], meta: {} },
  ];
  const found = outcomesOfVitest({ testResults: [{ name: '/a.ts', assertionResults: given }] });
  expect(found.map(({ title, status, assertions }) => [title, status, assertions])).toEqual([
    ['passes', 'pass', 3],
    ['fails', 'fail', 3],
  ]);
});

test('Playwright tells them by their last attempt', () => {
  const covers = { type: 'covers', description: 'a' };
  const run = (status: string, held: number) => ({
    status,
    duration: 5,
    annotations: [covers, { type: 'assertions', description: String(held) }],
    errors: status === 'passed' ? [] : [{ message: 'gone' }],
  });
  const spec = (title: string, ...results: object[]) => ({
    file: 'page/a.spec.ts',
    title,
    tests: [{ annotations: title === 'plain' ? [] : [covers], results }],
  });
  const inner = {
    specs: [
      spec('second try', run('timedOut', 1), run('passed', 4)),
      spec('hangs', run('timedOut', 1)),
      spec('plain', { status: 'passed', duration: 1 }),
    ],
  };
  const found = outcomesOfPlaywright({ suites: [{ suites: [inner] }] }, 'e2e');
  expect(found).toMatchObject([
    { file: 'e2e/page/a.spec.ts', status: 'pass', attempts: 2, assertions: 4 },
    { title: 'hangs', status: 'timeout', reason: 'gone' },
  ]);
});

test('what is no list of outcomes is refused', () => {
  expect(() => outcomesOfPytest([{ file: 'x', status: 'maybe' }])).toThrow();
});

test('the report has a result for each test that ran, and is complete when all did', async () => {
  const tests = [covering('a.test.ts', 'holds'), covering('b.test.ts', 'empty')];
  const outcome = { durationMs: 1, attempts: 1, status: 'pass' } as const;
  const holds = { ...outcome, file: 'a.test.ts', title: 'holds', assertions: 2 };
  const empty = { ...outcome, file: 'b.test.ts', title: 'empty', assertions: 0 };
  const part = await reportOfTests(tests, [holds], ENVIRONMENT, new Date());
  expect(part.run.complete).toBe(false);
  expect(part.rows?.['tb.utilities.timeout']).toContain('page-reload-resumes');
  const whole = await reportOfTests(tests, [holds, empty], ENVIRONMENT, new Date());
  expect(whole.run.complete).toBe(true);
  expect(whole.results.map(({ status }) => status)).toEqual(['error', 'pass']);
});

test('a test that ran for several values failed if one of them did', async () => {
  const outcome = { file: 'a.test.ts', title: 'holds', durationMs: 1, attempts: 1 } as const;
  const ends = async (...statuses: readonly ('pass' | 'fail' | 'skip')[]) => {
    const outcomes = statuses.map((status) => ({ ...outcome, status, assertions: 2 }));
    const tests = [covering('a.test.ts', 'holds')];
    const { results } = await reportOfTests(tests, outcomes, ENVIRONMENT, new Date());
    return results.map(({ status, assertions }) => [status, assertions]);
  };
  expect(await ends('pass', 'fail', 'skip')).toEqual([['fail', 6]]);
  expect(await ends('pass', 'skip')).toEqual([['skip', 4]]);
  expect(await ends('pass', 'pass')).toEqual([['pass', 4]]);
});
