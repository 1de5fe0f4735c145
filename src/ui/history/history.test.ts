import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { RUN, reportsOfAllKinds } from '../../report/fixtures/reports.ts';
import { headOf } from '../../report/head.ts';
import { pack } from '../../report/packed.ts';
import type { Report } from '../../report/schema.ts';
import { writeReport } from '../../report/write.ts';
import { Observable } from '../controls/observable.ts';
import { IDLE, type RunState } from '../run/run-state.ts';
import { History } from './history.ts';
import { type KeptRun, LIMITS, latestFirst, MemoryShelf, overLimits } from './shelf.ts';
import { measureOf, trendOf } from './trend.ts';

const inMemory = () => new History(async () => new MemoryShelf());
const idsOf = (history: History) => history.state.value.runs.map(({ head }) => head.run.id);
const at = (day: number, report: Report = RUN): Report => ({
  ...report,
  run: {
    ...report.run,
    id: `run-${day}`,
    startedAt: new Date(Date.UTC(2026, 10, day)).toISOString(),
  },
});
const bytesOf = (text: string) => new TextEncoder().encode(text);

test('keeps runs, the latest first, and gives each back as it was', async () => {
  const history = inMemory();
  for (const day of [2, 3, 1]) await history.keep(at(day));
  expect(idsOf(history)).toEqual(['run-3', 'run-2', 'run-1']);
  expect(await history.report('run-2')).toEqual(at(2));
  expect((await history.snapshot('run-1')).cases.size).toBe(RUN.results.length);
  expect([3, 2, 1].map((day) => history.before(`run-${day}`))).toEqual([
    'run-2',
    'run-1',
    undefined,
  ]);
  await history.remove(['run-2']);
  expect(idsOf(history)).toEqual(['run-3', 'run-1']);
  await expect(history.report('run-2')).rejects.toThrow('run-2');
});

test('what is compared with a bench is the bench before it, and no run', async () => {
  const history = inMemory();
  for (const day of [1, 3]) await history.keep(at(day));
  for (const day of [2, 4]) await history.keep(at(day, { ...RUN, kind: 'bench' }));
  expect([4, 3, 2].map((day) => history.before(`run-${day}`))).toEqual([
    'run-2',
    'run-1',
    undefined,
  ]);
});

test('a run is kept when it has ended or was stopped with results, and not before', async () => {
  const history = inMemory();
  const run = new Observable<RunState>(IDLE);
  history.follow(run);
  run.value = { ...IDLE, phase: 'running' };
  run.value = { ...IDLE, phase: 'failed', problem: 'no adapter' };
  run.value = { ...IDLE, phase: 'ended', report: { ...RUN, results: [] } };
  await history.load();
  expect(idsOf(history)).toEqual([]);
  run.value = {
    ...IDLE,
    phase: 'ended',
    report: { ...at(1), run: { ...at(1).run, complete: false } },
  };
  run.value = { ...IDLE, phase: 'ended', report: at(1) };
  await history.load();
  expect(idsOf(history), 'judged again, it is the same run').toEqual(['run-1']);
  expect((await history.report('run-1')).run.complete).toBe(true);
});

test('a browser that keeps nothing keeps runs until the page is closed, and says so', async () => {
  const blocked = new History(() => Promise.reject(new Error('storage is blocked')));
  await blocked.keep(at(1));
  expect(blocked.state.value).toMatchObject({ phase: 'ready', lasting: false });
  expect(idsOf(blocked)).toEqual(['run-1']);
});

/** A browser with room for so many bytes, or for none of a run that `refused` names. */
class SmallShelf extends MemoryShelf {
  readonly #room: number;
  readonly #refused: string;

  constructor(room: number, refused = '') {
    super();
    this.#room = room;
    this.#refused = refused;
  }

  override async put(
    run: KeptRun,
    packed: Uint8Array<ArrayBuffer>,
    instead: readonly string[] = [],
  ): Promise<void> {
    const others = (await this.list()).filter(
      ({ head }) => ![run.head.run.id, ...instead].includes(head.run.id),
    );
    const taken = others.reduce((sum, { bytes }) => sum + bytes, 0);
    if (run.head.run.id === this.#refused) throw new Error('this record is broken');
    if (taken + run.bytes > this.#room) throw new DOMException('full', 'QuotaExceededError');
    await super.put(run, packed, instead);
  }
}

/** A browser that is full, and gives room back only some time after runs were removed. */
class LateShelf extends MemoryShelf {
  full = false;

  override async put(...run: Parameters<MemoryShelf['put']>): Promise<void> {
    if (this.full) throw new DOMException('full', 'QuotaExceededError');
    await super.put(...run);
  }
}

test('where storage is full, the oldest runs make room', async () => {
  const { length } = await pack(JSON.stringify(at(1)));
  const history = new History(async () => new SmallShelf(3.5 * length));
  for (const day of [1, 2, 3, 4]) await history.keep(at(day));
  expect(idsOf(history).slice(0, 2)).toEqual(['run-4', 'run-3']);
  expect([idsOf(history).includes('run-1'), history.state.value.lasting]).toEqual([false, true]);
});

test('where the oldest runs would make no room, none of them goes', async () => {
  const shelf = new LateShelf();
  const history = new History(async () => shelf);
  for (const day of [1, 2, 3]) await history.keep(at(day));
  shelf.full = true;
  await history.keep(at(4));
  expect([idsOf(history), history.state.value.lasting]).toEqual([
    ['run-4', 'run-3', 'run-2', 'run-1'],
    false,
  ]);
  expect((await shelf.list()).map(({ head }) => head.run.id)).toEqual(['run-1', 'run-2', 'run-3']);
});

test('a run that the browser refuses is remembered, and those that it keeps stay in sight', async () => {
  const history = new History(async () => new SmallShelf(1e9, 'run-2'));
  for (const day of [1, 2, 3]) await history.keep(at(day));
  expect(idsOf(history)).toEqual(['run-3', 'run-2', 'run-1']);
  expect(history.state.value.lasting).toBe(false);
  expect(await history.report('run-2')).toEqual(at(2));
  await history.remove(['run-2']);
  expect([idsOf(history), history.state.value.lasting]).toEqual([['run-3', 'run-1'], true]);
  const tiny = new History(async () => new SmallShelf(10));
  await tiny.keep(at(1));
  expect([idsOf(tiny), tiny.state.value.lasting]).toEqual([['run-1'], false]);
});

const runs = fc.uniqueArray(
  fc.record({ day: fc.integer({ min: 1, max: 28 }), bytes: fc.nat(100) }),
  { selector: ({ day }) => day },
);
const keptRun = ({ day, bytes }: { day: number; bytes: number }): KeptRun => ({
  head: headOf(at(day)),
  bytes,
});

test('pruning keeps the latest, as many as fit, and nothing older than what it drops', () => {
  fc.assert(
    fc.property(runs, fc.nat(10), fc.nat(300), (list, most, bytes) => {
      const kept = list.map(keptRun);
      const gone = overLimits(kept, { runs: most, bytes });
      const sorted = latestFirst(kept).map(({ head }) => head.run.id);
      const stay = sorted.length - gone.length;
      expect(sorted.slice(stay)).toEqual(gone);
      const sizes = latestFirst(kept).map((run) => run.bytes);
      const sizeOf = (count: number) => sizes.slice(0, count).reduce((sum, size) => sum + size, 0);
      if (stay > 1) expect([stay <= most, sizeOf(stay) <= bytes]).toEqual([true, true]);
      if (list.length > 0) expect(stay).toBeGreaterThan(0);
      if (gone.length > 0) expect(stay >= most || sizeOf(stay + 1) > bytes).toBe(true);
    }),
  );
});

test('what one device exports another imports, once; a single report too', async () => {
  const here = inMemory();
  const there = inMemory();
  for (const day of [1, 2, 3]) await here.keep(at(day));
  const file = { name: 'runs.jsonl.gz', bytes: await here.export() };
  expect(await there.import([file])).toEqual({ taken: 3, known: 0, tooOld: 0, problems: [] });
  expect(await there.import([file])).toEqual({ taken: 0, known: 3, tooOld: 0, problems: [] });
  expect(await there.report('run-2')).toEqual(at(2));
  const alone = { name: 'a.json', bytes: bytesOf(writeReport(at(4))) };
  const packed = { name: 'b.json.gz', bytes: await pack(writeReport(at(5))) };
  expect(await there.import([alone, packed])).toMatchObject({ taken: 2 });
  expect(idsOf(there)).toEqual(['run-5', 'run-4', 'run-3', 'run-2', 'run-1']);
});

test('runs from the future are not imported, and the oldest ones that do not fit are named', async () => {
  const history = inMemory();
  await history.keep(at(1));
  const lines = Array.from({ length: LIMITS.runs + 4 }, (_, i) => JSON.stringify(at(1 - i))).join(
    '\n',
  );
  const bytes = await pack(
    `${lines}\n${JSON.stringify({ ...at(2), run: { ...at(2).run, id: 'late', startedAt: '2999-01-01T00:00:00.000Z' } })}`,
  );
  const { taken, known, tooOld, problems } = await history.import([{ name: 'a.gz', bytes }]);
  expect([taken, known, tooOld]).toEqual([LIMITS.runs - 1, 1, 4]);
  expect(problems).toEqual([expect.stringContaining('a.gz: its run late is of 2999-01-01')]);
  expect(history.state.value.runs).toHaveLength(LIMITS.runs);
});

test('a line that is not a report is refused alone, with the reason', async () => {
  const history = inMemory();
  const lines = [
    JSON.stringify(at(1)),
    '{"schema":"gradproof-report/1"}',
    'x',
    JSON.stringify(at(2)),
    '['.repeat(50),
  ].join('\n');
  const { taken, problems } = await history.import([
    { name: 'a.jsonl.gz', bytes: await pack(lines) },
  ]);
  expect(taken).toBe(2);
  expect(problems.map((problem) => problem.slice(0, 19))).toEqual([
    'a.jsonl.gz, line 2:',
    'a.jsonl.gz, line 3:',
    'a.jsonl.gz, line 5:',
  ]);
  const cut = (await pack(lines)).slice(0, 60);
  expect(await history.import([{ name: 'cut.gz', bytes: cut }])).toMatchObject({
    taken: 0,
    problems: [expect.stringContaining('cut.gz')],
  });
});

test('a trend is of one case, adapter and browser, the oldest run first', async () => {
  const history = inMemory();
  const [run] = await reportsOfAllKinds();
  if (!run) throw new Error('there is no report');
  const [here] = run.environments;
  if (!here) throw new Error('there is no environment');
  const entry = { id: 'parity.lora_linear:bundle', backend: 'webgpu' };
  const elsewhere = { ...here, runtime: 'chromium' };
  await history.keep(at(1, run));
  await history.keep(at(3, { ...run, environments: [elsewhere] }));
  await history.keep(at(2, { ...run, environments: [{ ...here, runtimeVersion: '22.0.0' }] }));
  const points = await trendOf(history, here, entry);
  expect(points.map(({ runtimeVersion, boundUsed }) => [runtimeVersion, boundUsed])).toEqual([
    [here.runtimeVersion, 0.125],
    ['22.0.0', 0.125],
  ]);
  expect(measureOf(points)).toBe('boundUsed');
  expect(measureOf(await trendOf(history, here, { id: 'nn.silu:hang', backend: 'webgpu' }))).toBe(
    'status',
  );
  expect(await trendOf(history, here, { id: 'no:case', backend: 'webgpu' })).toEqual([]);
});
