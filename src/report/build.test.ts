import { expect, test } from 'vitest';
import { runId, sortResults } from './build.ts';
import { result } from './fixtures/reports.ts';

test('a run is named by its start to the second, and by four digits of chance', () => {
  const started = new Date('2026-11-20T09:08:07.654Z');
  expect(runId(started)).toMatch(/^2026-11-20T09-08-07Z-[0-9a-f]{4}$/);
  expect(new Set(Array.from({ length: 8 }, () => runId(started))).size).toBeGreaterThan(1);
});

test('results are in the order of their ids, then of their environments', () => {
  const of = (id: string, env: number) => result({ id, status: 'pass', assertions: 1, env });
  const sorted = sortResults([of('b:x', 0), of('a:y', 1), of('a:y', 0), of('a:x', 2)]);
  expect(sorted.map(({ id, env }) => `${id} ${env}`)).toEqual(['a:x 2', 'a:y 0', 'a:y 1', 'b:x 0']);
});
