import { expect, test } from 'vitest';
import { RUN, report as reportOf, result } from '../report/fixtures/reports.ts';
import type { CaseResult } from '../report/schema.ts';
import { validateReport } from '../report/validate.ts';
import { countVerdicts } from '../report/verdict.ts';
import {
  applyExpectations,
  type Expectation,
  ExpectationError,
  parseExpectations,
  unmatched,
} from './expectations.ts';

const ENTRY = {
  case: 'ops.nn.*',
  adapter: '*',
  reason: 'the driver rounds down',
  link: 'https://example.org/1',
  expires: '2027-01-31',
} satisfies Expectation;
const fileOf = (...entries: readonly object[]) =>
  JSON.stringify({ schema: 'gradproof-expectations/1', expectations: entries });

test('reads what it must', () => {
  expect(parseExpectations(fileOf(ENTRY), 'a.json')).toEqual([ENTRY]);
  expect(parseExpectations(new TextEncoder().encode(fileOf()), 'a.json')).toEqual([]);
});

test.each<[string, string | Uint8Array, RegExp]>([
  ['no JSON', '{', /^a\.json: is not JSON \([^\n]+\)$/],
  ['no UTF-8', Uint8Array.of(0xff, 0xfe), /^a\.json: is not JSON/],
  ['another schema', '{"schema":"x","expectations":[]}', /^a\.json: schema: /],
  ['no list', '{"schema":"gradproof-expectations/1"}', /^a\.json: expectations: is missing$/],
  ['a list alone', '[]', /^a\.json: /],
  [
    'an unknown field',
    fileOf({ ...ENTRY, expiry: 'never' }),
    /^a\.json: expectations\[0\]\.expiry: no expectation has such a field$/,
  ],
  [
    'no reason',
    fileOf({ ...ENTRY, reason: ' ' }),
    /^a\.json: expectations\[0\]\.reason: must not be empty$/,
  ],
  [
    'a link without address',
    fileOf(ENTRY, { ...ENTRY, link: 'issue 3' }),
    /^a\.json: expectations\[1\]\.link: must be an http or https address$/,
  ],
  ['a script as link', fileOf({ ...ENTRY, link: 'javascript:alert(1)' }), /link: must be an http/],
  [
    'no such day',
    fileOf({ ...ENTRY, expires: '2027-02-30' }),
    /expires: must be a day such as 2027-01-31$/,
  ],
  [
    'white space in a glob',
    fileOf({ ...ENTRY, case: 'ops nn' }),
    /case: must be a glob without white space/,
  ],
])('refuses %s in one line', (_, source, says) => {
  expect(() => parseExpectations(source, 'a.json')).toThrow(ExpectationError);
  expect(() => parseExpectations(source, 'a.json')).toThrow(says);
});

const failure = (id: string, more: Partial<CaseResult> = {}) =>
  result({
    id,
    status: 'fail',
    assertions: 1,
    error: { code: 'out-of-bound', message: 'too far' },
    ...more,
  });
const apply = async (
  results: readonly CaseResult[],
  entries: readonly Expectation[],
  now = '2026-11-20T10:00:00Z',
) => {
  const judged = applyExpectations(
    { ...(await reportOf(results, '')), environments: RUN.environments },
    entries,
    new Date(now),
  );
  return validateReport(judged, 'judged');
};
const codes = ({ results }: { results: readonly CaseResult[] }) =>
  results.map(({ id, finding }) => [id, finding?.code]);

test('an expected failure does not count, another does, a pass is reported', async () => {
  const results = [
    failure('ops.nn.a:x'),
    failure('ops.mm.b:x'),
    result({ id: 'ops.nn.c:x', status: 'pass', assertions: 1 }),
  ];
  const judged = await apply(results, [ENTRY]);
  expect(Object.fromEntries(codes(judged))).toEqual({
    'ops.nn.a:x': 'expected-failure',
    'ops.mm.b:x': undefined,
    'ops.nn.c:x': 'unexpected-pass',
  });
  expect(countVerdicts(judged.results)).toEqual({ right: 1, wrong: 1, skipped: 0, expected: 1 });
  expect(judged.results.find(({ id }) => id === 'ops.nn.a:x')?.finding?.message).toBe(
    'is expected: the driver rounds down (https://example.org/1)',
  );
});

test('it counts to the end of its last day and not beyond', async () => {
  expect(codes(await apply([failure('ops.nn.a:x')], [ENTRY], '2027-01-31T23:59:59Z'))).toEqual([
    ['ops.nn.a:x', 'expected-failure'],
  ]);
  const expired = await apply([failure('ops.nn.a:x')], [ENTRY], '2027-02-01T00:00:00Z');
  expect(codes(expired)).toEqual([['ops.nn.a:x', 'expectation-expired']]);
  expect(countVerdicts(expired.results).wrong).toBe(1);
});

test('it counts on the adapters that it names', async () => {
  const { vendor } = RUN.environments[0]?.adapter ?? {};
  const on = async (adapter: string) =>
    codes(await apply([failure('ops.nn.a:x')], [{ ...ENTRY, adapter }]))[0]?.[1];
  expect(await on(`*${vendor?.toUpperCase()}*`)).toBe('expected-failure');
  expect(await on('*voodoo*')).toBeUndefined();
});

test.each([
  ['acme one card loud', 'expected-failure'],
  ['*loud', 'expected-failure'],
  ['acme*', 'expected-failure'],
  ['*one card*', 'expected-failure'],
  ['one*', undefined],
  ['acme card*', undefined],
])(
  'an adapter is named by vendor, architecture, device and description: %s',
  async (adapter, code) => {
    const [environment] = RUN.environments;
    if (!environment) throw new Error('the recorded run has an environment');
    const named = { vendor: 'Acme', architecture: 'one', device: 'card', description: 'Loud' };
    const there = { ...environment, adapter: { ...environment.adapter, ...named } };
    const report = await reportOf([failure('ops.nn.a:x')], '');
    const judged = applyExpectations(
      { ...report, environments: [there] },
      [{ ...ENTRY, adapter }],
      new Date('2026-11-20T10:00:00Z'),
    );
    expect(judged.results[0]?.finding?.code).toBe(code);
  },
);

test('a result of no environment has no adapter, which only any adapter matches', async () => {
  const report = { ...(await reportOf([failure('ops.nn.a:x')], '')), environments: [] };
  const now = new Date('2026-11-20T10:00:00Z');
  const code = (adapter: string) =>
    applyExpectations(report, [{ ...ENTRY, adapter }], now).results[0]?.finding?.code;
  expect(code('*')).toBe('expected-failure');
  expect(code('*a*')).toBeUndefined();
});

test('findings of the case stay, and judging again changes nothing', async () => {
  const found = failure('ops.nn.a:x', {
    finding: { code: 'producer-deviates', message: 'y[0] is 0' },
  });
  const once = await apply([found], [ENTRY]);
  expect(once.results[0]?.finding?.message).toMatch(
    /^is expected: .*; producer-deviates: y\[0\] is 0$/,
  );
  const plain = await apply([failure('ops.nn.a:x')], [ENTRY]);
  expect(await apply(plain.results, [ENTRY])).toMatchObject({ results: plain.results });
  expect(codes(await apply(plain.results, []))).toEqual([['ops.nn.a:x', undefined]]);
});

test('entries that match no case are reported', () => {
  const entries = [ENTRY, { ...ENTRY, case: 'ops.nn.b:*' }, { ...ENTRY, case: 'ops.gone.*' }];
  expect(unmatched(entries, ['ops.nn.a:x', 'ops.nn.b:y']).map((entry) => entry.case)).toEqual([
    'ops.gone.*',
  ]);
});
