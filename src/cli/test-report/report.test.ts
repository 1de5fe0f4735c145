import { describe, expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { sha256 } from '../../formats/sha256.ts';
import { NO_ADAPTER } from '../../report/schema.ts';
import { controlOutcome } from './control.ts';
import { outcomesOf } from './ending.ts';
import type { TestOutcome } from './outcome.ts';
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
  control: 'it is off',
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
  expect(found[1]?.reason, 'without the stack').toBe('Error: no');
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

test('the report says of each control whether it was seen red', async () => {
  const tests = ['a.test.ts', 'b.test.ts', 'c.test.ts'].map((file) => covering(file, file));
  const outcomes = tests.map(
    ({ file }) => ({ file, title: file, status: 'pass', ...ONCE, assertions: 1 }) as const,
  );
  const ended = new Map([
    ['test.x:a.test.ts', 'red'],
    ['test.x:b.test.ts', 'green'],
  ] as const);
  const { results } = await reportOfTests(tests, outcomes, ENVIRONMENT, new Date(), ended);
  expect(results.map(({ control }) => control)).toEqual(
    ['red', 'green', 'not-run'].map((status) => ({ fault: 'it is off', status })),
  );
});

const ONCE = { durationMs: 1, attempts: 1 } as const;

const SERVED = ['GET /m/resolve/main/config.json', 'POST /graphql'];

test(
  'a result counts what servers of its test were asked, and has the list as a file',
  covers('fsdp.utilities.pattern-mocks-replaced/endpoints-listed').control(
    'of several runs the first is told',
    {
      file: 'src/cli/test-report/ending.ts',
      from: 'outcomes.flatMap(({ endpoints = [] }) => endpoints)',
      to: 'outcomes.slice(0, 1).flatMap(({ endpoints = [] }) => endpoints)',
    },
  ),
  async () => {
    const outcome = {
      file: 'a.test.ts',
      title: 'a',
      status: 'pass',
      ...ONCE,
      assertions: 1,
    } as const;
    const outcomes = SERVED.map((one) => ({ ...outcome, endpoints: [one] }));
    const { results } = await reportOfTests(
      [covering('a.test.ts', 'a')],
      outcomes,
      ENVIRONMENT,
      new Date(),
    );
    const bytes = new TextEncoder().encode(JSON.stringify(SERVED));
    expect(results[0]).toMatchObject({
      metrics: { endpoints: 2 },
      artifacts: [{ name: 'endpoints.json', bytes: bytes.length, sha256: await sha256(bytes) }],
    });
  },
);

test(
  'a test of a row about a server is wrong where none was asked',
  covers('fsdp.utilities.pattern-mocks-replaced/no-endpoint-fails').control('it stays right', {
    file: 'src/cli/test-report/report.ts',
    from: "status: 'fail', error: { code: 'no-endpoint', message }",
    to: 'status, metrics: { endpoints: 0 }',
  }),
  async () => {
    const outcome = { file: 'a.test.ts', title: 'a', ...ONCE, assertions: 1 } as const;
    const ending = async (
      covered: string,
      status: TestOutcome['status'],
      endpoints: readonly string[],
    ) => {
      const own = { ...covering('a.test.ts', 'a'), covers: [covered] };
      const outcomes = [{ ...outcome, status, endpoints }];
      const { results } = await reportOfTests([own], outcomes, ENVIRONMENT, new Date());
      return [results[0]?.status, results[0]?.error?.code];
    };
    const served = 'fsdp.production.wandb-module-spec/real-logger';
    expect(await ending(served, 'pass', [])).toEqual(['fail', 'no-endpoint']);
    expect(await ending(served, 'skip', [])).toEqual(['skip', undefined]);
    expect(await ending(served, 'pass', SERVED)).toEqual(['pass', undefined]);
    const other = 'tb.utilities.timeout/page-reload-resumes';
    expect(await ending(other, 'pass', [])).toEqual(['pass', undefined]);
  },
);

describe('a control is red', () => {
  const ended = (status: TestOutcome['status'], asserted: boolean): TestOutcome => ({
    file: 'a.test.ts',
    title: 'holds',
    status,
    ...ONCE,
    assertions: 1,
    reason: '\u001b[31mexpected 1\u001b[0m\nto be 2',
    asserted,
  });

  test('where an expectation failed, for every value that the test runs for', () => {
    const red = { status: 'red', why: 'expected 1 to be 2' };
    expect(controlOutcome([ended('fail', true)])).toEqual(red);
    expect(controlOutcome([ended('fail', true), ended('fail', true)])).toEqual(red);
    expect(controlOutcome([ended('fail', true), ended('pass', false)]).status).toBe('green');
  });

  test('and not where anything else ended the test, or it did not run', () => {
    for (const status of ['fail', 'pass', 'skip', 'timeout'] as const)
      expect(controlOutcome([ended(status, false)]).status, status).toBe('green');
    const other = { file: 'a.test.ts', title: 'other' };
    expect(controlOutcome(outcomesOf(other, [ended('fail', true)]))).toEqual({
      status: 'green',
      why: 'it did not run',
    });
  });
});

describe('what ends a test is an expectation or something else', () => {
  test('in Vitest', () => {
    const asserted = (status: string, meta: object) => {
      const failed = { title: 'x', status, meta: { covers: ['a'], ...meta } };
      const testResults = [{ name: '/a.ts', assertionResults: [failed] }];
      return outcomesOfVitest({ testResults })[0]?.asserted;
    };
    expect(asserted('failed', { asserted: true })).toBe(true);
    expect(asserted('failed', { asserted: false })).toBe(false);
    expect(asserted('failed', {})).toBe(false);
    expect(asserted('passed', { asserted: true })).toBe(false);
  });

  test('in Playwright', () => {
    const asserted = (status: string, message: string) => {
      const annotations = [{ type: 'covers', description: 'a' }];
      const results = [{ status, duration: 1, errors: [{ message }] }];
      const specs = [{ file: 'a.spec.ts', title: 'x', tests: [{ annotations, results }] }];
      return outcomesOfPlaywright({ suites: [{ specs }] }, 'e2e')[0]?.asserted ?? false;
    };
    const plain = 'Error: \u001b[2mexpect(\u001b[22mreceived).toBe(expected)';
    const named = 'Error: all of them\n\nexpect(locator).toHaveText(expected) failed';
    expect([asserted('failed', plain), asserted('failed', named)]).toEqual([true, true]);
    expect(asserted('timedOut', plain)).toBe(false);
    expect(asserted('failed', 'TimeoutError: click: waiting for expect(')).toBe(false);
    expect(asserted('failed', "Error: ENOENT: no such file, open 'x'")).toBe(false);
  });

  test('in pytest', () => {
    const outcome = { file: 'a.py', title: 'x', status: 'fail', ...ONCE, assertions: 0 };
    const found = outcomesOfPytest([{ ...outcome, asserted: true }, outcome]);
    expect(found.map(({ asserted }) => asserted)).toEqual([true, undefined]);
  });
});
