import { describe, expect, test } from 'vitest';
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
  readPayload({ version: 2, payload: writePayload({ ...PAYLOAD, ...change }) });

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
  const [environment] = [
    {
      runtime: '',
      runtimeVersion: '',
      os: '',
      cores: 1,
      adapter: { vendor: '', architecture: '', device: '', description: '', isFallback: true },
      features: [],
      probe: {},
    },
  ];
  const environments = [environment as LinkPayload['environments'][number]];
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
    expect(readPayload({ version: 2, payload: bytes }).device).toBe('');
    expect(() => readPayload({ version: 2, payload })).toThrow();
  });
});
