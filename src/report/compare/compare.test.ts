import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyOf } from '../case-key.ts';
import { PLAN, RUN, report as reportOf, result } from '../fixtures/reports.ts';
import { decodeLink } from '../link/decode.ts';
import { encodeLink } from '../link/encode.ts';
import { planText } from '../plan.ts';
import type { CaseResult, Report, Status } from '../schema.ts';
import { type ChangeKind, type Comparison, compareSnapshots, isRegression } from './compare.ts';
import { figures } from './fixtures/figures.ts';
import { compareExitCode, compareLines } from './lines.ts';
import { type CaseFigures, type Snapshot, snapshotOfLink, snapshotOfReport } from './snapshot.ts';

const error = { code: 'not-within', message: 'y[3] is 2, expected 1\u001b[31m' };
const accuracyOf = (boundUsed: number) => ({
  accuracy: { maxAbs: 0, maxRel: 0, maxUlp: 0, boundUsed, typicalUsed: null },
});
const ok = (id: string, over: Partial<CaseResult> = {}) =>
  result({ id, status: 'pass', assertions: 4, ...over });
const bad = (id: string, over: Partial<CaseResult> = {}) =>
  result({ id, status: 'fail', assertions: 4, error, ...over });
const skip = { code: 'missing-feature', detail: 'shader-f16' };

const compareReports = (a: Report, b: Report) =>
  compareSnapshots(snapshotOfReport(a), snapshotOfReport(b));
const compare = async (a: readonly CaseResult[], b: readonly CaseResult[]) =>
  compareReports(await reportOf(a, ''), await reportOf(b, ''));
const idsOf = ({ changes }: Comparison, kind: ChangeKind) =>
  changes.filter(({ kinds }) => kinds.includes(kind)).map(({ id }) => id);

test('a report does not differ from itself', () => {
  const same = compareReports(RUN, RUN);
  expect(same).toMatchObject({
    differences: [],
    changes: [],
    inBoth: 14,
    stillPassing: 14,
    timed: 0,
  });
  expect(compareExitCode(same)).toBe(0);
  expect(compareLines(same)).toEqual([
    '0 regressions, 0 fixed, 0 new, 14 still pass, no times to compare, 0 with another accuracy',
  ]);
});

test('what passed and fails, is skipped or is missing is a regression', async () => {
  const skipped = result({ id: 'a:skips', status: 'skip', assertions: 0, skip });
  const found = await compare(
    [
      ok('a:fails'),
      ok('a:skips'),
      ok('a:gone'),
      bad('a:fixed'),
      bad('a:stays'),
      ok('a:same', accuracyOf(0.25)),
    ],
    [
      bad('a:fails'),
      skipped,
      ok('a:fixed'),
      bad('a:stays'),
      ok('a:same', accuracyOf(0.5)),
      ok('a:new'),
    ],
  );
  expect(found.changes.map(({ id, kinds }) => [id, ...kinds])).toEqual([
    ['a:fails', 'newly-wrong'],
    ['a:fixed', 'newly-right'],
    ['a:skips', 'other-status'],
    ['a:gone', 'only-before'],
    ['a:new', 'only-after'],
    ['a:same', 'accuracy'],
  ]);
  expect(found.changes.filter(isRegression).map(({ id }) => id)).toEqual([
    'a:fails',
    'a:skips',
    'a:gone',
  ]);
  expect(compareExitCode(found)).toBe(1);
  const lines = compareLines(found);
  expect(lines[0]).toBe('regression a:fails webgpu: pass -> fail (y[3] is 2, expected 1 [31m)');
  expect(lines).toContain('accuracy   a:same webgpu: 25.0 % -> 50.0 % of the bound');
  expect(lines.at(-1)).toBe(
    '3 regressions, 1 fixed, 1 new, 1 still pass, no times to compare, 1 with another accuracy',
  );
  expect(
    compareExitCode(await compare([bad('a:b')], [bad('a:b')])),
    'what never passed is no regression',
  ).toBe(0);
  const one = compareLines(await compare([ok('a:b')], [bad('a:b')]));
  expect(one.at(-1)).toMatch(/^1 regression, 0 fixed/);
});

test('a backend is part of the name, and a case passes only if it does so in every environment', async () => {
  const inTwo = (second: CaseResult) => [ok('a:b'), { ...second, env: 1 }];
  expect(idsOf(await compare(inTwo(ok('a:b')), inTwo(bad('a:b'))), 'newly-wrong')).toEqual(['a:b']);
  const other = await compare([ok('a:b')], [ok('a:b', { backend: 'ort-webgpu' })]);
  expect(other.changes.map(({ backend, kinds }) => [backend, ...kinds])).toEqual([
    ['webgpu', 'only-before'],
    ['ort-webgpu', 'only-after'],
  ]);
});

test('the largest changes of accuracy are listed, the others counted', async () => {
  const at = (used: (i: number) => number) =>
    Array.from({ length: 15 }, (_, i) => ok(`a:case${i}`, accuracyOf(used(i))));
  const found = await compare(
    at(() => 0.1),
    at((i) => 0.2 + i / 100),
  );
  expect(found.changes[0]?.id).toBe('a:case14');
  expect(compareLines(found)).toContain('accuracy   5 more changed less');
});

test('shares that are one in float32 do not differ: their last digits are the engine’s', async () => {
  const found = await compare(
    [ok('a:same', accuracyOf(0.07947084830000001)), ok('a:more', accuracyOf(0.25))],
    [ok('a:same', accuracyOf(0.0794708483)), ok('a:more', accuracyOf(0.250001))],
  );
  expect(idsOf(found, 'accuracy')).toEqual(['a:more']);
});

test('a time is another only if its whole interval is, by the same clock', async () => {
  const timed = (
    id: string,
    low: number,
    high: number,
    source: 'wall' | 'timestamp' = 'wall',
    quantumNs = 0,
  ) =>
    ok(id, {
      timing: {
        source,
        quantumNs,
        samples: 9,
        coldMs: 9,
        medianMs: (low + high) / 2,
        minMs: low,
        ciMs: [low, high],
      },
    });
  const found = await compare(
    [
      timed('a:slower', 1, 2),
      timed('a:faster', 5, 6),
      timed('a:touches', 1, 2),
      timed('a:quantum', 1, 2, 'wall', 1e6),
      timed('a:clock', 1, 2),
    ],
    [
      timed('a:slower', 2.5, 3),
      timed('a:faster', 3, 4.9),
      timed('a:touches', 2, 3),
      timed('a:quantum', 3.5, 4, 'wall', 1e6),
      timed('a:clock', 5, 6, 'timestamp'),
    ],
  );
  expect([idsOf(found, 'slower'), idsOf(found, 'faster')]).toEqual([['a:slower'], ['a:faster']]);
  expect(found.timed).toBe(4);
  expect(compareLines(found)).toContain(
    'slower     a:slower webgpu: 1.50 ms [1.00, 2.00] -> 2.75 ms [2.50, 3.00]',
  );
  expect(compareLines(found).at(-1)).toContain('1 slower and 1 faster of 4 timed');
});

test('a finding that is new, gone or another is told, and so is a control that stayed green', async () => {
  const finding = { code: 'producer-deviates', message: 'y[0] is off' };
  const found = await compare(
    [ok('a:new'), ok('a:gone', { finding }), ok('a:same', { finding }), ok('a:green')],
    [
      ok('a:new', { finding }),
      ok('a:gone'),
      ok('a:same', { finding }),
      ok('a:green', { control: { fault: 'x', status: 'green' } }),
    ],
  );
  expect(idsOf(found, 'finding').sort()).toEqual(['a:gone', 'a:green', 'a:new']);
  expect(idsOf(found, 'newly-wrong'), 'a pass that proves nothing').toEqual(['a:green']);
});

test('settings, build and place that differ come first', async () => {
  const a = await reportOf([ok('a:b')], 'a:b webgpu\n');
  const [here] = a.environments;
  if (!here) throw new Error('the recorded run has no environment');
  const there = {
    ...here,
    runtime: 'chromium',
    features: ['shader-f16', ...here.features],
    probe: { ...here.probe, denormals: 'kept', tookMs: 1 },
    adapter: {
      vendor: 'apple',
      architecture: 'metal-3',
      device: '',
      description: '',
      isFallback: false,
    },
  };
  const b = { ...(await reportOf([ok('a:b')], 'a:c webgpu\n')), environments: [there] };
  const { differences } = compareReports(a, {
    ...b,
    run: { ...b.run, tier: 'quick', filters: ['a:*'] },
  });
  expect(differences.map(({ what }) => what)).toEqual([
    'plan',
    'tier',
    'filters',
    'adapter',
    'runtime',
    'features',
    'arithmetic',
  ]);
  expect(differences).toContainEqual({
    what: 'adapter',
    before: 'SwiftShader driver 5.0.0 (a processor)',
    after: 'Apple metal-3',
  });
  expect(differences).toContainEqual({ what: 'features', before: '', after: 'shader-f16' });
  expect(differences.at(-1)).toEqual({
    what: 'arithmetic',
    before: 'Numbers below 2^-126: become 0',
    after: 'Numbers below 2^-126: kept',
  });
});

test('where fast kernels are off, the probe says why', async () => {
  const run = await reportOf([ok('a:b')], 'a:b webgpu\n');
  const [here] = run.environments;
  if (!here) throw new Error('the recorded run has no environment');
  const withQuads = (quads: string, features: readonly string[]) => ({
    ...run,
    environments: [{ ...here, features: [...features], probe: { ...here.probe, quads } }],
  });
  const fast = withQuads('neighbours', ['shader-f16', 'subgroups']);
  const slow = withQuads('scattered', ['shader-f16']);
  expect(compareReports(fast, slow).differences).toEqual([
    { what: 'features', before: 'subgroups', after: '' },
    {
      what: 'arithmetic',
      before: 'Lanes of a quad: follow one another',
      after: 'Lanes of a quad: do not follow one another',
    },
  ]);
});

test('kernels that a case ran in one alone are named, of cases that passed in both', async () => {
  const fast = ['matmul/matmul_subgroup', 'nn/silu'];
  const slow = ['matmul/matmul', 'nn/silu'];
  const skipped = result({ id: 'a:skips', status: 'skip', assertions: 0, skip });
  const before = [
    ok('a:model', { kernels: fast }),
    ok('a:other', { kernels: ['nn/silu', 'nn/softmax'] }),
    ok('a:fails', { kernels: ['nn/gone'] }),
    ok('a:skips', { kernels: fast }),
    ok('a:alone', { kernels: ['nn/alone'] }),
  ];
  const after = [
    ok('a:model', { kernels: slow }),
    ok('a:other', { kernels: ['nn/softmax', 'nn/silu'] }),
    bad('a:fails', { kernels: ['nn/came'] }),
    skipped,
  ];
  const found = await compare(before, after);
  expect(found.differences).toEqual([
    { what: 'kernels', before: 'matmul/matmul_subgroup', after: 'matmul/matmul' },
  ]);
  expect(compareLines(found)[0]).toBe(
    'differs    kernels: matmul/matmul_subgroup -> matmul/matmul',
  );
  expect((await compare(before, before)).differences).toEqual([]);
  const more = await compare(before.slice(0, 1), [ok('a:model', { kernels: [...fast, 'nn/b'] })]);
  expect(more.differences).toEqual([{ what: 'kernels', before: '', after: 'nn/b' }]);
});

test('a link tells no kernels, and none differ from it', async () => {
  const report = await reportOf([ok('a:b', { kernels: ['nn/silu'] })], 'a:b webgpu\n');
  const link = await decodeLink(
    await encodeLink(report, 'a:b webgpu\n'),
    async () => 'a:b webgpu\n',
  );
  const found = compareSnapshots(snapshotOfReport(report), snapshotOfLink(link));
  expect(found.differences.filter(({ what }) => what === 'kernels')).toEqual([]);
});

test('a run is the same as its link, with its plan or without', async () => {
  const fragment = await encodeLink(RUN, PLAN);
  const known = snapshotOfLink(await decodeLink(fragment, async () => PLAN));
  expect(compareSnapshots(snapshotOfReport(RUN), known)).toMatchObject({
    changes: [],
    stillPassing: 14,
  });
  const unknown = snapshotOfLink(await decodeLink(fragment, async () => undefined));
  expect(compareSnapshots(unknown, unknown)).toMatchObject({ changes: [], stillPassing: 14 });
  expect([...unknown.cases.keys()][0]).toMatch(/^case \d+ of plan 37366a368386 $/);
});

const snapshot = (...cases: readonly CaseFigures[]): Snapshot => ({
  ...snapshotOfReport(RUN),
  cases: new Map(cases.map((one) => [keyOf(one), one])),
});
const wrong = { status: 'fail', verdict: 'wrong' } as const;
const from = (low: number, high: number) => ({ low, high });
const within = (low: number, high: number) =>
  ({ medianMs: low, range: from(low, high), source: 'wall' }) as const;

test('within a kind what is wrong comes first, then the order of the first result', () => {
  const { changes } = compareSnapshots(
    snapshot(
      figures('a:gone'),
      figures('a:gone-wrong', wrong),
      figures('a:gone-wrong-too', wrong),
      figures('a:skips', wrong),
      figures('a:breaks', wrong),
      figures('b:slow', { time: within(1, 2) }),
      figures('a:slow', { time: within(1, 2) }),
    ),
    snapshot(
      figures('a:slow', { time: within(3, 4) }),
      figures('b:slow', { time: within(3, 4) }),
      figures('a:new'),
      figures('a:new-wrong', wrong),
      figures('a:skips', { status: 'skip', verdict: 'skipped' }),
      figures('a:breaks', { status: 'error', verdict: 'wrong' }),
    ),
  );
  expect(changes.map(({ id, kinds }) => [id, ...kinds])).toEqual([
    ['a:breaks', 'other-status'],
    ['a:skips', 'other-status'],
    ['a:gone-wrong', 'only-before'],
    ['a:gone-wrong-too', 'only-before'],
    ['a:gone', 'only-before'],
    ['a:new-wrong', 'only-after'],
    ['a:new', 'only-after'],
    ['b:slow', 'slower'],
    ['a:slow', 'slower'],
  ]);
});

test('changes of accuracy are in the order of their growth, by the most that may have been used', () => {
  const { changes } = compareSnapshots(
    snapshot(
      figures('a:some', { boundUsed: from(0.1, 0.1) }),
      figures('a:most', { boundUsed: from(0.5, 0.5) }),
      figures('a:less', { boundUsed: from(0.9, 0.9) }),
      figures('a:little', { boundUsed: from(0.8, 0.8) }),
    ),
    snapshot(
      // It grew by 0.4, a:most by 0.42; of what they used at least it is 0.35 and 0.34.
      figures('a:some', { boundUsed: from(0.45, 0.5) }),
      figures('a:most', { boundUsed: from(0.84, 0.92) }),
      figures('a:less', { boundUsed: from(0.2, 0.3) }),
      figures('a:little', { boundUsed: from(0.9, 0.9) }),
    ),
  );
  expect(changes.map(({ id }) => id)).toEqual(['a:most', 'a:some', 'a:little', 'a:less']);
});

test('a case may differ in several ways, which all count', () => {
  const before = figures('a:b', { boundUsed: from(0.1, 0.1), time: within(1, 2) });
  const after = figures('a:b', {
    verdict: 'wrong',
    finding: 'control-green',
    boundUsed: from(0.2, 0.2),
    time: within(3, 4),
  });
  const found = compareSnapshots(snapshot(before), snapshot(after));
  expect(found).toEqual({
    differences: [],
    changes: [
      {
        id: 'a:b',
        backend: 'webgpu',
        kinds: ['newly-wrong', 'finding', 'slower', 'accuracy'],
        before,
        after,
      },
    ],
    counts: {
      'newly-wrong': 1,
      'newly-right': 0,
      'other-status': 0,
      'only-before': 0,
      'only-after': 0,
      finding: 1,
      slower: 1,
      faster: 0,
      accuracy: 1,
    },
    inBoth: 1,
    stillPassing: 1,
    timed: 1,
  });
  const untold = { ...snapshot(after), tellsFindings: false };
  const kinds = [['newly-wrong', 'slower', 'accuracy']];
  expect(compareSnapshots(snapshot(before), untold).changes.map((one) => one.kinds)).toEqual(kinds);
  const unsaid = { ...snapshot(before), tellsFindings: false };
  expect(compareSnapshots(unsaid, snapshot(after)).changes.map((one) => one.kinds)).toEqual(kinds);
});

test('accuracies are compared where both were measured and both passed', () => {
  const little = { boundUsed: from(0.1, 0.1) };
  const much = { boundUsed: from(0.9, 0.9) };
  const kinds = (a: Partial<CaseFigures>, b: Partial<CaseFigures>) =>
    compareSnapshots(snapshot(figures('a:b', a)), snapshot(figures('a:b', b))).changes.flatMap(
      (one) => one.kinds,
    );
  expect(kinds(little, much)).toEqual(['accuracy']);
  expect(kinds(much, little)).toEqual(['accuracy']);
  expect(kinds(little, { boundUsed: from(0.05, 0.2) })).toEqual([]);
  expect(kinds(little, {})).toEqual([]);
  expect(kinds({}, much)).toEqual([]);
  expect(kinds(little, { ...wrong, ...much })).toEqual(['newly-wrong']);
  expect(kinds({ ...wrong, ...little }, much)).toEqual(['newly-right']);
  expect(kinds({ ...wrong, ...little }, { ...wrong, ...much })).toEqual([]);
});

const STATUS_PARTS: Readonly<Record<Status, Partial<CaseResult>>> = {
  pass: {},
  fail: { error },
  skip: { skip },
  error: { error },
  timeout: { error },
  lost: { error },
};

const outcomes = fc.uniqueArray(
  fc.record({
    name: fc.nat(30),
    status: fc.constantFrom<Status>('pass', 'pass', 'fail', 'skip', 'error', 'timeout', 'lost'),
    used: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
    ms: fc.option(
      fc.tuple(
        fc.double({ min: 0, max: 9, noNaN: true }),
        fc.double({ min: 0, max: 9, noNaN: true }),
      ),
      { nil: undefined },
    ),
  }),
  { selector: ({ name }) => name },
);

const resultsOf = (
  cases: readonly {
    name: number;
    status: Status;
    used: number | undefined;
    ms: [number, number] | undefined;
  }[],
) =>
  cases.map(({ name, status, used, ms }) =>
    result({
      id: `a:${name}`,
      status,
      assertions: 1,
      ...STATUS_PARTS[status],
      ...(used === undefined ? {} : accuracyOf(used)),
      ...(ms
        ? {
            timing: {
              source: 'wall',
              quantumNs: 0,
              samples: 1,
              coldMs: 0,
              medianMs: ms[0],
              minMs: 0,
              ciMs: ms,
            },
          }
        : {}),
    }),
  );

const OPPOSITE: readonly (readonly [ChangeKind, ChangeKind])[] = [
  ['only-before', 'only-after'],
  ['slower', 'faster'],
  ['accuracy', 'accuracy'],
];

test('any two results: every case is told at most once, and the way back is the opposite', async () => {
  await fc.assert(
    fc.asyncProperty(outcomes, outcomes, async (before, after) => {
      const a = resultsOf(before);
      const b = resultsOf(after);
      const there = await compare(a, b);
      const back = await compare(b, a);
      const told = there.changes.map(({ id }) => id);
      expect(new Set(told).size).toBe(told.length);
      const statuses = (list: readonly CaseResult[]) =>
        new Map(list.map(({ id, status }) => [id, status]));
      const x = statuses(a);
      const y = statuses(b);
      for (const id of new Set([...x.keys(), ...y.keys()]))
        if (x.get(id) !== y.get(id)) expect(told).toContain(id);
      for (const [one, other] of OPPOSITE) expect(there.counts[one]).toBe(back.counts[other]);
      expect(new Set(back.changes.map(({ id }) => id))).toEqual(new Set(told));
      expect(compareExitCode(there) === 1).toBe(
        [...x].some(([id, status]) => status === 'pass' && y.get(id) !== 'pass'),
      );
    }),
    { numRuns: 150 },
  );
});

test('a run and its link never differ', async () => {
  await fc.assert(
    fc.asyncProperty(outcomes, async (cases) => {
      const plan = planText(cases.map(({ name }) => ({ id: `a:${name}`, backend: 'webgpu' })));
      const report = await reportOf(resultsOf(cases), plan);
      const link = await decodeLink(await encodeLink(report, plan), async () => plan);
      expect(compareSnapshots(snapshotOfReport(report), snapshotOfLink(link)).changes).toEqual([]);
    }),
    { numRuns: 100 },
  );
});

test('ten thousand cases compare at once', async () => {
  const many = (status: (i: number) => Status) =>
    Array.from({ length: 10_000 }, (_, i) =>
      result({ id: `a:case;n=${i}`, status: status(i), assertions: 1, ...STATUS_PARTS[status(i)] }),
    );
  const a = await reportOf(
    many(() => 'pass'),
    '',
  );
  const b = await reportOf(
    many((i) => (i % 2 ? 'pass' : 'fail')),
    '',
  );
  expect(compareReports(a, b).counts['newly-wrong']).toBe(5000);
});
