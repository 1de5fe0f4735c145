import { expect, test } from 'vitest';
import { RUN, report as reportOf, result } from '../fixtures/reports.ts';
import type { DecodedLink } from '../link/decode.ts';
import type { CaseResult } from '../schema.ts';
import { snapshotOfLink, snapshotOfReport } from './snapshot.ts';

const accuracyOf = (boundUsed: number | null) => ({
  accuracy: { maxAbs: 1, maxRel: 2, maxUlp: 3, boundUsed, typicalUsed: 5 },
});
const error = { code: 'not-within', message: 'y[3] is 2' };

/** A result of one case, in one of several environments. */
const statusIn = (status: 'pass' | 'fail' | 'skip', env: number): CaseResult =>
  result({
    ...{ id: 'a:b', env, status, assertions: status === 'skip' ? 0 : 1 },
    ...(status === 'fail' ? { error } : {}),
    ...(status === 'skip' ? { skip: { code: 'missing-feature', detail: 'shader-f16' } } : {}),
  });

test('the snapshot of a report says of each case what the report does', async () => {
  const timing = {
    source: 'wall',
    quantumNs: 0,
    samples: 9,
    coldMs: 8,
    medianMs: 2,
    minMs: 1,
    ciMs: [1.5, 3],
  } as const;
  const report = await reportOf(
    [
      result({
        id: 'a:fails',
        status: 'fail',
        assertions: 4,
        error,
        ...accuracyOf(null),
        kernels: ['nn/silu'],
      }),
      result({
        id: 'a:green',
        status: 'pass',
        assertions: 4,
        control: { fault: 'x', status: 'green' },
      }),
      result({
        id: 'a:passes',
        backend: 'ort-webgpu',
        status: 'pass',
        assertions: 4,
        finding: { code: 'producer-deviates', message: 'y[0] is off' },
        control: { fault: 'x', status: 'red' },
        timing: { ...timing, ciMs: [...timing.ciMs] },
        ...accuracyOf(0.25),
      }),
      result({
        id: 'a:skips',
        status: 'skip',
        assertions: 0,
        skip: { code: 'missing-feature', detail: 'shader-f16' },
      }),
    ],
    '',
    { kind: 'bench' },
  );
  const nothing = { reason: '', finding: undefined, boundUsed: undefined, time: undefined };
  const { cases, ...rest } = snapshotOfReport(report);
  expect(rest).toEqual({
    kind: 'bench',
    tool: { version: report.tool.version, commit: report.tool.commit },
    startedAt: new Date('2026-11-19T09:00:00.000Z'),
    durationMs: report.run.durationMs,
    settings: expect.objectContaining({ tier: 'full', seed: 42 }),
    environments: RUN.environments,
    planHash: report.run.planHash,
    tellsFindings: true,
    nameless: 0,
  });
  expect([...cases]).toEqual([
    [
      'a:fails webgpu',
      {
        ...nothing,
        id: 'a:fails',
        backend: 'webgpu',
        status: 'fail',
        verdict: 'wrong',
        reason: 'y[3] is 2',
        // An element that is wrong at a bound of 0 used no finite share of it.
        boundUsed: { low: Number.POSITIVE_INFINITY, high: Number.POSITIVE_INFINITY },
        kernels: ['nn/silu'],
      },
    ],
    [
      'a:green webgpu',
      {
        ...nothing,
        id: 'a:green',
        backend: 'webgpu',
        status: 'pass',
        verdict: 'wrong',
        finding: 'control-green',
        kernels: [],
      },
    ],
    [
      'a:passes ort-webgpu',
      {
        id: 'a:passes',
        backend: 'ort-webgpu',
        status: 'pass',
        verdict: 'right',
        reason: '',
        finding: 'producer-deviates',
        boundUsed: { low: 0.25, high: 0.25 },
        time: { source: 'wall', medianMs: 2, range: { low: 1.5, high: 3 } },
        kernels: [],
      },
    ],
    [
      'a:skips webgpu',
      {
        ...nothing,
        id: 'a:skips',
        backend: 'webgpu',
        status: 'skip',
        verdict: 'skipped',
        reason: 'shader-f16',
        kernels: [],
      },
    ],
  ]);
});

test.each([
  [['fail', 'pass'], 'fail'],
  [['pass', 'fail'], 'fail'],
  [['pass', 'pass'], 'pass'],
  [['fail', 'skip'], 'fail'],
  [['skip', 'fail'], 'fail'],
  [['skip', 'pass'], 'skip'],
] as const)('a case with %j in two environments has status %s', async (statuses, status) => {
  const { cases } = snapshotOfReport(await reportOf(statuses.map(statusIn), ''));
  expect([...cases.values()].map((one) => one.status)).toEqual([status]);
});

test('of two environments in which a case is as wrong the first is told', async () => {
  const failing = (env: number, message: string) => ({
    ...statusIn('fail', env),
    error: { ...error, message },
  });
  const results = [failing(0, 'y[0] is 1'), failing(1, 'y[7] is 2')];
  const { cases } = snapshotOfReport(await reportOf(results, ''));
  expect([...cases.values()].map(({ reason }) => reason)).toEqual(['y[0] is 1']);
});

test('in two environments a control that stayed green counts, and so does more than was expected', async () => {
  const green = { control: { fault: 'x', status: 'green' } } as const;
  const foreseen = { finding: { code: 'expected-failure', message: 'is expected' } };
  const verdictOf = async (...results: readonly CaseResult[]) =>
    [...snapshotOfReport(await reportOf(results, '')).cases.values()].map((one) => one.verdict);
  const passed = statusIn('pass', 0);
  const failed = statusIn('fail', 0);
  expect(await verdictOf(passed, { ...passed, env: 1, ...green })).toEqual(['wrong']);
  expect(await verdictOf(failed, { ...failed, env: 1, ...foreseen })).toEqual(['wrong']);
  expect(await verdictOf(passed, { ...failed, env: 1, ...foreseen })).toEqual(['expected']);
  const skipped = statusIn('skip', 0);
  expect(await verdictOf(skipped, { ...failed, env: 1, ...foreseen })).toEqual(['expected']);
});

test('a share lies between its number and the nearest one of float32', async () => {
  const shares = async (boundUsed: number) => {
    const one = result({ id: 'a:b', status: 'pass', assertions: 1, ...accuracyOf(boundUsed) });
    const { cases } = snapshotOfReport(await reportOf([one], ''));
    return cases.get('a:b webgpu')?.boundUsed;
  };
  // Between 1/2 and 1 a float32 is a multiple of 2^-24.
  expect(await shares(0.5 + 2 ** -26)).toEqual({ low: 0.5, high: 0.5 + 2 ** -26 });
  expect(await shares(0.5 + 3 * 2 ** -26)).toEqual({
    low: 0.5 + 3 * 2 ** -26,
    high: 0.5 + 2 ** -24,
  });
});

test('the snapshot of a link has ranges, and places in the plan where it has no ids', () => {
  const nothing = { boundUsed: undefined, medianMs: undefined };
  const link: DecodedLink = {
    kind: 'train',
    tool: { version: '1.2', commit: 'abc' },
    time: { startedAt: new Date('2026-01-02T03:04:05Z'), durationMs: 77 },
    settings: {
      tier: 'slow',
      filters: ['x*'],
      shard: '2/3',
      seed: 9,
      timeoutMs: 5,
      options: [],
      complete: false,
      retried: 6,
      hidden: 4,
    },
    environments: RUN.environments,
    planHash: 'abcdef0123456789'.repeat(4),
    replayed: { pass: 1, fail: 2, skip: 4, error: 8, timeout: 16, lost: 32 },
    device: 'ThinkPad',
    cases: [
      { position: 0, id: 'a:b', backend: 'webgpu', status: 'not-run', env: undefined, ...nothing },
      {
        position: 1,
        id: 'a:c',
        backend: 'ort',
        status: 'pass',
        env: 0,
        boundUsed: 0.5,
        medianMs: 3,
      },
      { position: 8, id: undefined, backend: undefined, status: 'lost', env: 0, ...nothing },
    ],
    counts: { 'not-run': 1, pass: 1, fail: 0, skip: 0, error: 0, timeout: 0, lost: 1 },
    planProblem: undefined,
  };
  const { cases, ...rest } = snapshotOfLink(link);
  expect(rest).toEqual({
    kind: 'train',
    tool: { version: '1.2', commit: 'abc' },
    startedAt: new Date('2026-01-02T03:04:05Z'),
    durationMs: 77,
    settings: link.settings,
    environments: RUN.environments,
    planHash: link.planHash,
    tellsFindings: false,
    nameless: 63,
  });
  const unsaid = { reason: '', finding: undefined, kernels: undefined };
  expect([...cases]).toEqual([
    [
      'a:c ort',
      {
        ...unsaid,
        id: 'a:c',
        backend: 'ort',
        status: 'pass',
        verdict: 'right',
        // A link rounds up by at most an eighth of an octave.
        boundUsed: { low: expect.closeTo(2 ** -1.125, 12), high: 0.5 },
        time: { medianMs: 3, range: undefined, source: undefined },
      },
    ],
    [
      'case 9 of plan abcdef012345 ',
      {
        ...unsaid,
        id: 'case 9 of plan abcdef012345',
        backend: '',
        status: 'lost',
        verdict: 'wrong',
        boundUsed: undefined,
        time: undefined,
      },
    ],
  ]);
});
