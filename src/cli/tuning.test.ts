import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { BenchRequest } from '../bench/request.ts';
import type { TuningRow } from '../gpu/tuning.ts';
import { toldOf } from '../ops/tuning/told.ts';
import { unmeasured } from '../ops/tuning/unmeasured.ts';
import { RUN } from '../report/fixtures/reports.ts';
import { readTuning, rowsFor } from './tuning.ts';

const ROWS: readonly TuningRow[] = [{ variant: 'tiled', lanes: 'few' }];
const never = new AbortController().signal;

/** A runtime whose adapter has `rows` for a measured table. */
function machine(adapter: string, rows: readonly TuningRow[]) {
  const asked: BenchRequest[] = [];
  const [environment] = RUN.environments;
  if (!environment) throw new Error('the recorded run has an environment');
  return {
    asked,
    adapter,
    bench: async (request: BenchRequest) => {
      asked.push(request);
      return { ...RUN, environments: [{ ...environment, tuning: toldOf(rows) }] };
    },
  };
}

test('the checked-in table has no rows in front, and nothing is measured for it', async () => {
  const one = machine('one', ROWS);
  expect(await rowsFor(await readTuning(), one, never)).toEqual([]);
  expect(await rowsFor(await readTuning('checked-in'), one, never)).toEqual([]);
  expect(one.asked).toEqual([]);
});

test('a table is measured once for each adapter, without timing a work', async () => {
  const cache = new Map<string, unknown>();
  const one = machine('one', ROWS);
  const other = machine('other', [{ variant: 'flash' }]);
  const tuning = await readTuning('measured');
  for (const _ of [1, 2])
    for (const [runtime, rows] of [
      [one, ROWS],
      [other, [{ variant: 'flash' }]],
    ] as const)
      expect(await rowsFor(tuning, runtime, never, 'measured', () => cache)).toEqual(rows);
  for (const { asked } of [one, other])
    expect(asked).toMatchObject([{ options: { filters: ['!*'], tuning: 'measured' }, peers: [] }]);
});

test('a training has a table of its own, measured for what it asks for', async () => {
  const cache = new Map<string, unknown>();
  const one = machine('one', ROWS);
  for (const measuring of ['measured', 'measured-for-training', 'measured-for-training'] as const)
    expect(await rowsFor('measured', one, never, measuring, () => cache)).toEqual(ROWS);
  expect(one.asked.map(({ options: { tuning } }) => tuning)).toEqual([
    'measured',
    'measured-for-training',
  ]);
});

test('what there was no time for is measured the next time, and then no more', async () => {
  const cache = new Map<string, unknown>();
  const one = machine('one', [...ROWS, unmeasured({ ops: ['topk'], rows: [64] })]);
  const rows = () => rowsFor('measured', one, never, 'measured', () => cache);
  const first = await rows();
  expect(await rows()).toEqual(first);
  expect(one.asked.map(({ options }) => options.measuredBefore)).toEqual([undefined, first]);
  const done = { ...machine('one', ROWS), asked: one.asked };
  for (const _ of [1, 2])
    expect(await rowsFor('measured', done, never, 'measured', () => cache)).toEqual(ROWS);
  expect(cache.get('one')).toEqual(toldOf(ROWS));
});

test('the table of a report is taken as it is told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tuning-'));
  try {
    const path = join(folder, 'report.json');
    const environments = RUN.environments.map((one) => ({ ...one, tuning: toldOf(ROWS) }));
    writeFileSync(path, JSON.stringify({ ...RUN, environments }));
    expect(await readTuning(path)).toEqual(ROWS);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
