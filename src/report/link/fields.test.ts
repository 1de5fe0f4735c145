import { describe, expect, test } from 'vitest';
import { LINK_VERSION } from './container.ts';
import { readPayload, writePayload } from './fields.ts';
import type { LinkPayload } from './payload.ts';

const PAYLOAD: LinkPayload = {
  kind: 'run',
  tool: { version: '1.2.3', commit: 'abc' },
  time: { startedAt: new Date('2026-01-02T03:04:05.678Z'), durationMs: 9.6 },
  settings: {
    tier: 'quick',
    filters: [],
    shard: '2/3',
    seed: 7,
    timeoutMs: undefined,
    options: [],
    complete: true,
    retried: 0,
    hidden: 0,
  },
  environments: [],
  planHash: '0'.repeat(64),
  statuses: [],
  accuracies: [],
  speeds: [],
  places: [],
  replayed: { pass: 0, fail: 0, skip: 0, error: 0, timeout: 0, lost: 0 },
  device: '',
};

/** A payload as it comes back from its bytes. */
const returned = (change: Partial<LinkPayload> = {}) =>
  readPayload({ version: LINK_VERSION, payload: writePayload({ ...PAYLOAD, ...change }) });

/** One that says its cores alone. */
const environment = (cores: number): LinkPayload['environments'][number] => ({
  runtime: '',
  runtimeVersion: '',
  os: '',
  cores,
  adapter: { vendor: '', architecture: '', device: '', description: '', isFallback: true },
  features: [],
  probe: {},
});

test('a payload is its parts, one after another', () => {
  const payload: LinkPayload = {
    kind: 'bench',
    tool: { version: '1.2', commit: 'abc' },
    time: { startedAt: new Date('1970-01-01T00:02:05Z'), durationMs: 10 },
    settings: {
      tier: 'slow',
      filters: ['x', 'y*'],
      shard: '3/4',
      seed: 5,
      timeoutMs: 6,
      options: ['z'],
      complete: true,
      retried: 8,
      hidden: 9,
    },
    environments: [environment(3), environment(4)],
    planHash: Array.from({ length: 32 }, (_, i) => String(10 + i)).join(''),
    statuses: ['not-run', 'pass', 'fail', 'skip', 'error', 'timeout', 'lost'],
    accuracies: [undefined, 0, 0.5, 1, 2, Number.POSITIVE_INFINITY],
    speeds: [1, 2, 4, 0.5, undefined, 0],
    places: [0, 1, 0, 0, 1, 1],
    replayed: { pass: 21, fail: 22, skip: 23, error: 24, timeout: 25, lost: 26 },
    device: 'd',
  };
  const bytes = writePayload(payload);
  expect([...bytes]).toEqual([
    ...[1, 3, 49, 46, 50, 3, 97, 98, 99, 125, 10],
    // A time limit is one more than its milliseconds.
    ...[2, 2, 1, 120, 2, 121, 42, 3, 4, 5, 7, 1, 8, 9, 1, 1, 122],
    ...[2, 0, 0, 0, 3, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 1, 0, 0],
    // Two digits are a byte in hex: 10, 11, ... 41.
    ...Array.from({ length: 32 }, (_, i) => 16 * Math.floor(1 + i / 10) + (i % 10)),
    ...[7, 0, 1, 2, 3, 4, 5, 6],
    // Eight steps an octave, from where 1 stands.
    ...[6, 0, 1, 202 - 8, 202, 202 + 8, 255],
    ...[6, 82, 82 + 8, 82 + 16, 82 - 8, 0, 1],
    ...[6, 0, 1, 0, 0, 1, 1],
    ...[21, 22, 23, 24, 25, 26, 1, 100],
  ]);
  expect(readPayload({ version: LINK_VERSION, payload: bytes })).toEqual(payload);
});

test.each([
  ['run', 0],
  ['bench', 1],
  ['mutate', 2],
  ['train', 3],
] as const)('the kind %s is the byte %d', (kind, byte) => {
  expect(writePayload({ ...PAYLOAD, kind })[0]).toBe(byte);
});

test('a link has at most 65,536 cases and 64 environments, and a start before the year 10000', () => {
  const most = returned({ statuses: new Array<'not-run'>(65_536).fill('not-run') });
  expect(most.statuses).toHaveLength(65_536);
  const more = new Array<undefined>(65_537).fill(undefined);
  for (const change of [
    { statuses: more.map(() => 'not-run' as const) },
    { accuracies: more },
    { speeds: more },
    { places: more.map(() => 0) },
  ])
    expect(() => returned(change)).toThrow('(65537 values where 65536 fit)');
  const environments = (count: number) =>
    returned({ environments: new Array(count).fill(environment(1)) }).environments;
  expect(environments(64)).toHaveLength(64);
  expect(() => environments(65)).toThrow('(65 values where 64 fit)');
  const started = (startedAt: Date) => returned({ time: { startedAt, durationMs: 0 } }).time;
  const last = new Date('9999-12-31T23:59:59Z');
  expect(started(last).startedAt).toEqual(last);
  expect(() => started(new Date(last.getTime() + 1000))).toThrow('a number is too large');
});

test.each([
  ['to the second', '2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05.000Z'],
  ['at the earliest of 1970', '1969-12-31T23:59:58.000Z', '1970-01-01T00:00:00.000Z'],
  ['of the first second', '1970-01-01T00:00:01.000Z', '1970-01-01T00:00:01.000Z'],
])('the start comes back %s', (_, sent, expected) => {
  const { time } = returned({ time: { startedAt: new Date(sent), durationMs: 0 } });
  expect(time.startedAt.toISOString()).toBe(expected);
});

test.each([
  [undefined, undefined],
  [0, 0],
  [2.4, 2],
  [2.6, 3],
  [30_000, 30_000],
])('a time limit of %s ms comes back as %s', (timeoutMs, expected) => {
  const { settings } = returned({ settings: { ...PAYLOAD.settings, timeoutMs } });
  expect(settings.timeoutMs).toBe(expected);
});

test('a part of a run comes back with its number, and a duration to the millisecond', () => {
  const { settings, time } = returned();
  expect([settings.shard, time.durationMs]).toEqual(['2/3', 10]);
});

describe('a payload that cannot be', () => {
  const environments = [environment(1)];
  const one = { statuses: ['pass'], accuracies: [undefined], environments } as const;

  test.each<[string, Partial<LinkPayload>, string]>([
    ['part 0 of 3', { settings: { ...PAYLOAD.settings, shard: '0/3' } }, 'it is part 0 of 3'],
    ['part 4 of 3', { settings: { ...PAYLOAD.settings, shard: '4/3' } }, 'it is part 4 of 3'],
    ['no accuracy of a case', { ...one, accuracies: [] }, 'its columns have different lengths'],
    ['two times of a case', { ...one, speeds: [1, 1] }, 'its columns have different lengths'],
    ['two places of a case', { ...one, places: [0, 0] }, 'its columns have different lengths'],
    ['a case that ran nowhere', { ...one, environments: [] }, 'an environment that it lacks'],
    ['a place that is not there', { ...one, places: [1] }, 'an environment that it lacks'],
  ])('is refused: %s', (_, change, message) => {
    expect(() => returned(change)).toThrow(message);
  });

  test('is told from one that can: a case with its time and place', () => {
    expect(returned({ ...one, speeds: [undefined], places: [0] })).toMatchObject({
      statuses: ['pass'],
      places: [0],
    });
    expect(returned(one).statuses).toEqual(['pass']);
  });

  test('has bytes behind its end', () => {
    const bytes = writePayload(PAYLOAD);
    const payload = new Uint8Array([...bytes, 0]);
    expect(readPayload({ version: LINK_VERSION, payload: bytes }).device).toBe('');
    expect(() => readPayload({ version: LINK_VERSION, payload })).toThrow();
  });
});
