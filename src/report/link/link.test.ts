import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { summarize } from '../build.ts';
import { PLAN, RUN, report as reportOf, result } from '../fixtures/reports.ts';
import { planHash, planText } from '../plan.ts';
import type { CaseResult, Environment, Report, Status } from '../schema.ts';
import { settingsOf } from '../settings.ts';
import { frame, LINK_VERSION, seal, unseal } from './container.ts';
import { decodeLink, decodePayload } from './decode.ts';
import { encodeLink } from './encode.ts';
import { LinkError } from './error.ts';
import { writePayload } from './fields.ts';
import version1 from './fixtures/version-1.txt?raw';
import version2 from './fixtures/version-2.txt?raw';

const load = (text: string) => async () => text;
const code = (expected: string) => expect.objectContaining({ name: 'LinkError', code: expected });

test('a recorded run comes back from its link', async () => {
  const fragment = await encodeLink(RUN, PLAN);
  const link = await decodeLink(`#${fragment}`, load(PLAN));
  expect(link.planProblem).toBeUndefined();
  expect(link).toMatchObject({
    kind: 'run',
    tool: { version: RUN.tool.version, commit: RUN.tool.commit },
    planHash: RUN.run.planHash,
  });
  expect(link.time.startedAt.toISOString()).toBe(RUN.run.startedAt.replace(/\.\d+/, '.000'));
  const { limits: _, tuning: __, ...environment } = RUN.environments[0] as Environment;
  expect(link.environments).toEqual([
    {
      ...environment,
      probe: {
        ...environment.probe,
        tookMs: expect.closeTo(environment.probe['tookMs'] as number, 3),
      },
    },
  ]);
  expect(link.counts).toMatchObject({ pass: 14, fail: 0, 'not-run': 24 });
  expect(link.cases.map(({ id, backend }) => `${id} ${backend}\n`).join('')).toBe(PLAN);
  const ran = link.cases.filter(({ status }) => status !== 'not-run');
  expect(ran.map(({ id, status }) => [id, status])).toEqual(
    RUN.results.map(({ id, status }) => [id, status]),
  );
  for (const [i, { accuracy }] of RUN.results.entries()) {
    const used = ran[i]?.boundUsed;
    if (!accuracy) expect(used).toBeUndefined();
    else expect((used as number) / (accuracy.boundUsed as number)).toBeCloseTo(1.045, 1);
  }
  expect(link.settings).toEqual(settingsOf(RUN));
});

test('the link of a run with many filters holds the first ones and the number of the others', async () => {
  const filters = Array.from({ length: 500 }, (_, i) => `ops.nn.silu:exact;x=${i}`);
  const { settings } = await decodePayload(
    await encodeLink({ ...RUN, run: { ...RUN.run, filters } }, PLAN),
  );
  expect(settings.filters).toHaveLength(64);
  expect([settings.filters[0], settings.filters[63]]).toEqual([filters[0], '… and 437 more']);
});

const STATUS_PARTS: Readonly<Record<Status, Partial<CaseResult>>> = {
  pass: {},
  fail: { error: { code: 'not-equal', message: '' } },
  skip: { skip: { code: 'missing-feature', detail: '' } },
  error: { error: { code: 'exception', message: '' } },
  timeout: { error: { code: 'timeout', message: '' } },
  lost: { error: { code: 'lost', message: '' } },
};
const accuracyOf = (boundUsed: number | null) => ({
  accuracy: { maxAbs: 0, maxRel: 0, maxUlp: 0, boundUsed, typicalUsed: null },
});

interface Outcome {
  readonly status: Status | 'not-run';
  readonly used: number | undefined;
  readonly ms: number | undefined;
  readonly env: number;
}

const outcome: fc.Arbitrary<Outcome> = fc.record({
  status: fc.constantFrom(
    'pass',
    'pass',
    'pass',
    'fail',
    'skip',
    'error',
    'timeout',
    'lost',
    'not-run',
  ),
  used: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
  ms: fc.option(fc.double({ min: 0.01, max: 60_000, noNaN: true }), { nil: undefined }),
  env: fc.nat(1),
});

/** Readers drop the keys that JavaScript gives a meaning. */
const probeKey = fc
  .string()
  .filter((key) => !['__proto__', 'prototype', 'constructor'].includes(key));
const environmentArbitrary: fc.Arbitrary<Environment> = fc.record({
  runtime: fc.string(),
  runtimeVersion: fc.string(),
  os: fc.string(),
  cores: fc.nat(256),
  adapter: fc.record({
    vendor: fc.string(),
    architecture: fc.string(),
    device: fc.string(),
    description: fc.string(),
    isFallback: fc.boolean(),
  }),
  features: fc.uniqueArray(
    fc.constantFrom('shader-f16', 'subgroups', 'timestamp-query', 'a-feature-of-2030'),
  ),
  limits: fc.constant({}),
  probe: fc.dictionary(
    probeKey,
    fc.oneof(
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.integer({ min: -99_999, max: 99_999 }),
    ),
  ),
  tuning: fc.constant({}),
});

test('every verdict, environment and setting of any report comes back', async () => {
  const run = fc.record({
    outcomes: fc.array(outcome, { maxLength: 60 }),
    replayed: fc.array(fc.constantFrom<Status>('pass', 'fail', 'skip'), { maxLength: 4 }),
    environments: fc.tuple(environmentArbitrary, environmentArbitrary),
    filters: fc.array(fc.string(), { maxLength: 3 }),
    seed: fc.nat(),
    timeoutMs: fc.nat(100_000),
  });
  await fc.assert(
    fc.asyncProperty(
      run,
      async ({ outcomes, replayed, environments, filters, seed, timeoutMs }) => {
        const ids = outcomes.map((_, i) => `suite.a:case;n=${String(i).padStart(3, '0')}`);
        const plan = planText(ids.map((id) => ({ id, backend: 'webgpu' })));
        const results = outcomes.flatMap(({ status, used, ms, env }, i): CaseResult[] =>
          status === 'not-run'
            ? []
            : [
                result({
                  id: ids[i] ?? '',
                  status,
                  assertions: 1,
                  env,
                  ...STATUS_PARTS[status],
                  ...(used === undefined ? {} : accuracyOf(used)),
                  ...(ms === undefined ? {} : { timing: { ...TIMING, medianMs: ms, ciMs: [] } }),
                }),
              ],
        );
        const bundles = replayed.map((status, i) =>
          result({ id: `parity.matmul:b${i}`, status, assertions: 1, ...STATUS_PARTS[status] }),
        );
        const options = {
          tier: 'slow',
          filters,
          shard: { index: 2, count: 3 },
          seed,
          timeoutMs,
        } as const;
        const report = {
          ...(await reportOf([...results, ...bundles], plan, { options })),
          environments,
        };
        const link = await decodeLink(await encodeLink(report, plan), load(plan));
        expect(link.cases.map(({ id }) => id)).toEqual(ids);
        expect(link.cases.map(({ status }) => status)).toEqual(
          outcomes.map(({ status }) => status),
        );
        for (const [i, one] of link.cases.entries()) {
          const { status, used, ms, env } = outcomes[i] as Outcome;
          if (status === 'not-run') continue;
          expect(one.env).toBe(env);
          expectShare(one.boundUsed, used, 2 ** -25);
          expectShare(one.medianMs, ms, 0.001);
        }
        const { total: _, ...counts } = summarize(bundles);
        expect(Object.values(link.replayed)).toEqual(Object.values(counts));
        expect(link.settings).toMatchObject({
          tier: 'slow',
          shard: '2/3',
          seed,
          timeoutMs,
          complete: true,
        });
        expect(link.settings.filters).toHaveLength(filters.length);
        expect(link.environments.map(({ cores }) => cores)).toEqual(
          environments.map(({ cores }) => cores),
        );
        expect(link.environments.map(({ features }) => features)).toEqual(
          environments.map(({ features }) => features),
        );
        expect(link.environments.map(({ adapter }) => adapter.isFallback)).toEqual(
          environments.map(({ adapter }) => adapter.isFallback),
        );
        expect(link.environments.map(({ probe }) => Object.values(probe).filter(isFigure))).toEqual(
          environments.map(({ probe }) => Object.values(probe).filter(isFigure)),
        );
      },
    ),
  );
});

const TIMING = { source: 'wall', quantumNs: 1, samples: 9, coldMs: 1, minMs: 1 } as const;
const isFigure = (value: unknown) => typeof value !== 'string';

/** At most 9.1 % above what went in, or the smallest step of the scale. */
function expectShare(actual: number | undefined, sent: number | undefined, smallest: number): void {
  if (sent === undefined || sent === 0 || actual === undefined) expect(actual).toBe(sent);
  else if (sent < smallest) expect(actual).toBe(smallest);
  else expect(actual / sent).toBeGreaterThan(1 - 1e-12);
  if (sent && actual && sent >= smallest) expect(actual / sent).toBeLessThan(1.091);
}

/**
 * A run of 300 cases as on a desktop browser: most pass, two in three with an accuracy spread over
 * four decades.
 */
async function threeHundred(): Promise<{ report: Report; plan: string }> {
  const ids = Array.from(
    { length: 300 },
    (_, i) => `ops.family${i % 17}.op${i % 29}:legal;n=${String(i).padStart(3, '0')}`,
  ).sort();
  const plan = planText(ids.map((id) => ({ id, backend: 'webgpu' })));
  let noise = 1;
  const next = () => {
    noise = (noise * 48_271) % 2_147_483_647;
    return noise / 2_147_483_647;
  };
  const results = ids.map((id) => {
    const draw = next();
    const used = 10 ** (-4 + 3.8 * next());
    const status = draw < 0.03 ? 'skip' : draw < 0.05 ? 'fail' : 'pass';
    return result({
      id,
      status,
      assertions: 9,
      ...STATUS_PARTS[status],
      ...(draw < 0.37 ? {} : accuracyOf(used)),
    });
  });
  const [recorded] = RUN.environments as [Environment];
  const environment: Environment = {
    runtime: 'chromium',
    runtimeVersion: '156.0.8078.79',
    os: 'Macintosh; Intel Mac OS X 10_15_7',
    cores: 12,
    adapter: {
      vendor: 'apple',
      architecture: 'metal-3',
      device: 'Apple M2 Max',
      description: 'Apple M2 Max through Metal',
      isFallback: false,
    },
    features: [
      'core-features-and-limits',
      'depth-clip-control',
      'float32-filterable',
      'shader-f16',
      'subgroups',
      'timestamp-query',
    ],
    limits: recorded.limits,
    probe: recorded.probe,
    tuning: recorded.tuning,
  };
  return { report: { ...(await reportOf(results, plan)), environments: [environment] }, plan };
}

test('300 cases with their accuracies fit 1,500 characters', async () => {
  const { report, plan } = await threeHundred();
  const fragment = await encodeLink(report, plan);
  expect(fragment.length).toBeLessThan(1500);
  expect((await decodeLink(fragment, load(plan))).counts).toMatchObject({
    pass: report.summary.passed,
    fail: report.summary.failed,
  });
});

test('a link of version 1 is read for ever', async () => {
  const link = await decodeLink(version1, async () => undefined);
  expect(link).toMatchObject({
    kind: 'run',
    counts: { pass: 14 },
    settings: { filters: ['ops.matmul.*', '!*vector*'] },
  });
  expect(link.environments[0]).toMatchObject({
    runtime: 'node',
    adapter: { architecture: 'swiftshader' },
    probe: { exactDivision: true },
  });
});

test('what a link says of a whole run is all that is known of it', async () => {
  const plan = planText(
    ['fails', 'lost', 'passes', 'passes-too', 'unrun'].map((name) => ({
      id: `a:${name}`,
      backend: 'webgpu',
    })),
  );
  const timing = { ...TIMING, medianMs: 2, ciMs: [1, 3] };
  const report = await reportOf(
    [
      result({
        id: 'a:fails',
        status: 'fail',
        assertions: 1,
        ...STATUS_PARTS.fail,
        ...accuracyOf(null),
      }),
      result({ id: 'a:lost', status: 'lost', assertions: 1, attempts: 2, ...STATUS_PARTS.lost }),
      result({ id: 'a:passes', status: 'pass', assertions: 1, timing, ...accuracyOf(0.5) }),
      result({ id: 'a:passes-too', status: 'pass', assertions: 1 }),
      result({ id: 'parity.matmul:b', status: 'pass', assertions: 1 }),
    ],
    plan,
  );
  const { tool, run } = report;
  const fragment = await encodeLink({ ...report, run: { ...run, durationMs: 77.4 } }, plan, {
    device: 'ThinkPad',
  });
  // With one environment, no case says in which it ran.
  expect((await decodePayload(fragment)).places).toEqual([]);
  const unmeasured = { backend: 'webgpu', boundUsed: undefined, medianMs: undefined, env: 0 };
  const [{ limits: _, tuning: __, ...environment }] = RUN.environments as [Environment];
  expect(await decodeLink(fragment, load(plan))).toEqual({
    kind: 'run',
    tool: { version: tool.version, commit: tool.commit },
    time: { startedAt: new Date('2026-11-19T09:00:00Z'), durationMs: 77 },
    settings: {
      tier: 'full',
      filters: [],
      shard: '1/1',
      seed: 42,
      timeoutMs: undefined,
      options: [],
      complete: true,
      retried: 1,
      hidden: 0,
    },
    environments: [{ ...environment, probe: expect.any(Object) }],
    planHash: run.planHash,
    replayed: { pass: 1, fail: 0, skip: 0, error: 0, timeout: 0, lost: 0 },
    device: 'ThinkPad',
    cases: [
      {
        ...unmeasured,
        position: 0,
        id: 'a:fails',
        status: 'fail',
        // An element that is wrong at a bound of 0 used no finite share of it.
        boundUsed: Number.POSITIVE_INFINITY,
      },
      { ...unmeasured, position: 1, id: 'a:lost', status: 'lost' },
      { ...unmeasured, position: 2, id: 'a:passes', status: 'pass', boundUsed: 0.5, medianMs: 2 },
      { ...unmeasured, position: 3, id: 'a:passes-too', status: 'pass' },
      { ...unmeasured, position: 4, id: 'a:unrun', status: 'not-run', env: undefined },
    ],
    counts: { 'not-run': 1, pass: 2, fail: 1, skip: 0, error: 0, timeout: 0, lost: 1 },
    planProblem: undefined,
  });
});

test('without its plan, or with another text under its name, a link still shows its counts', async () => {
  const fragment = await encodeLink(RUN, PLAN);
  const offline = new Error('offline');
  for (const [loader, why, cause] of [
    [async () => undefined, 'no such plan', undefined],
    [load(`${PLAN}x:y webgpu\n`), 'its text is another one', undefined],
    [() => Promise.reject(offline), 'offline', offline],
  ] as const) {
    const link = await decodeLink(fragment, loader);
    expect(link.counts.pass).toBe(14);
    expect(link.cases.every(({ id }) => id === undefined)).toBe(true);
    expect(link.planProblem).toMatchObject({
      code: 'link-plan-unknown',
      message: `the list of cases ${RUN.run.planHash.slice(0, 12)} is not known here (${why}): only counts are shown`,
    });
    expect(link.planProblem?.cause).toBe(cause);
  }
});

test('a link that has fewer cases than its plan is refused', async () => {
  const payload = await decodePayload(await encodeLink(RUN, PLAN));
  const [first] = payload.environments;
  const fewer = {
    ...payload,
    environments: first ? [first] : [],
    statuses: ['pass', 'not-run'],
    accuracies: [undefined],
  } as const;
  const fragment = await seal(writePayload(fewer));
  await expect(decodeLink(fragment, load(PLAN))).rejects.toThrow(
    'this link is damaged (it has 2 cases, its plan 38): copy it again in full',
  );
  // Without its plan that cannot be told.
  expect((await decodeLink(fragment, async () => undefined)).cases).toHaveLength(2);
});

test('a link is not made of a report that its plan does not fit', async () => {
  await expect(encodeLink(RUN, `${PLAN}x:y webgpu\n`)).rejects.toThrow(code('link-plan-mismatch'));
  const plan = 'a:b webgpu\n';
  const passes = (id: string) => result({ id, status: 'pass', assertions: 1 });
  const stray = await reportOf([passes('a:b'), passes('a:c')], plan);
  await expect(encodeLink(stray, plan)).rejects.toThrow(code('link-case-unknown'));
  await expect(encodeLink(stray, plan)).rejects.toThrow(
    'a:c webgpu is not in the plan of its report: make the report again',
  );
  const twice = [0, 1].map((env) => result({ id: 'a:b', status: 'pass', assertions: 1, env }));
  const two = {
    ...(await reportOf(twice, plan)),
    environments: [...RUN.environments, ...RUN.environments],
  };
  await expect(encodeLink(two, plan)).rejects.toThrow(code('link-case-repeated'));
});

test('a link is not made of tests, nor of a report that breaks the rules', async () => {
  const page = result({ id: 'a:b', backend: 'page', status: 'pass', assertions: 1 });
  const tests = await reportOf([page], PLAN, { kind: 'test' });
  await expect(encodeLink(tests, PLAN)).rejects.toThrow(code('link-without-plan'));
  const invalid = { ...RUN, run: { ...RUN.run, id: 'one', seed: -1 } };
  await expect(encodeLink(invalid, PLAN)).rejects.toThrow(/^report one: run\.seed: /);
});

test('a training has no place in a plan: its link counts it', async () => {
  const train = await reportOf(
    [result({ id: 'train.qlora:byte-mlp', status: 'pass', assertions: 5 })],
    PLAN,
    { kind: 'train' },
  );
  const link = await decodeLink(await encodeLink(train, PLAN), load(PLAN));
  expect(link).toMatchObject({
    kind: 'train',
    replayed: { pass: 1 },
    counts: { pass: 0, 'not-run': 38 },
  });
});

/**
 * Decodes; gives the code of a LinkError of one line, undefined if there is none, and fails on any
 * other error.
 */
async function refusal(fragment: string): Promise<string | undefined> {
  try {
    await decodeLink(fragment, load(PLAN));
    return undefined;
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    expect(error.message).not.toMatch(/\n/);
    return error.code;
  }
}

test('hostile payloads under a right checksum are refused in one line, or are a link', async () => {
  const { payload: valid } = await unseal(await encodeLink(RUN, PLAN));
  const edit = fc.record({
    at: fc.nat(valid.length - 1),
    bytes: fc.uint8Array({ maxLength: 8 }),
    remove: fc.nat(8),
  });
  const verdicts = { damaged: 0, read: 0 };
  const tryOut = async (bytes: Uint8Array<ArrayBuffer>) => {
    const found = await refusal(await seal(bytes));
    expect(['link-damaged', undefined]).toContain(found);
    verdicts[found ? 'damaged' : 'read']++;
  };
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
      const bytes = [...valid];
      for (const { at, bytes: inserted, remove } of edits) bytes.splice(at, remove, ...inserted);
      await tryOut(Uint8Array.from(bytes));
    }),
    { numRuns: 500 },
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), (bytes) => tryOut(Uint8Array.from(bytes))),
  );
  expect(verdicts.damaged).toBeGreaterThan(300);
  for (let length = 0; length < valid.length; length++)
    expect(await refusal(await seal(valid.slice(0, length)))).toBe('link-damaged');
  expect(await refusal(await frame(new Uint8Array(0), LINK_VERSION))).toBe('link-damaged');
});

test('so is one of version 2, which does not say how a bench timed', async () => {
  expect(await decodePayload(version2)).toMatchObject({
    device: 'ThinkPad',
    settings: { filters: ['ops.matmul.*', '!*vector*'], hidden: 2, options: [] },
  });
  const bench = { ...RUN, run: { ...RUN.run, options: ['--samples 5'] } };
  expect(await decodePayload(await encodeLink(bench, PLAN))).toMatchObject({
    settings: { options: ['--samples 5'] },
  });
});

test('a link holds the device name and hidden tabs; an older link reads without them', async () => {
  const hidden = structuredClone(RUN);
  for (const one of hidden.results.slice(0, 2)) one.finding = { code: 'tab-hidden', message: '' };
  const link = await decodePayload(
    await encodeLink(hidden, PLAN, { device: '  ThinkPad\u202eT14\n ' }),
  );
  expect(link).toMatchObject({ device: 'ThinkPad T14', settings: { hidden: 2 } });
  expect(await decodePayload(version1)).toMatchObject({ device: '', settings: { hidden: 0 } });
});

test('nothing of a report leaves but what the link names', async () => {
  // What a report has beside: a changed message, limit or kernel changes no byte of its link.
  const changed = structuredClone(RUN);
  changed.run.id = 'private';
  changed.results.forEach((one) => {
    one.kernels = ['private'];
    one.metrics = { private: 1 };
  });
  Object.assign(changed.environments[0]?.limits ?? {}, { private: 1 });
  expect(await encodeLink(changed, PLAN)).toBe(await encodeLink(RUN, PLAN));
  expect(await planHash(PLAN)).toBe(RUN.run.planHash);
});
