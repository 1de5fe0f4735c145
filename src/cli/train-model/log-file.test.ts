import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LlamaMilestone } from '../../train/llama/progress.ts';
import { roomFor, whyNoRoom } from './fixtures/room.ts';
import { LogFile } from './log-file.ts';

let folder: string;
let path: string;
let told: string[];
beforeEach(() => {
  told = [];
  folder = mkdtempSync(join(tmpdir(), 'log-'));
  path = join(folder, 'log.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const logOf = (begins: boolean) => new LogFile(path, begins, (line) => told.push(line));

const step = (at: number): LlamaMilestone & { type: 'step' } => ({
  ...{ type: 'step', step: at, epoch: at / 4, loss: 9 - at, tokens: 10, tokensPerSecond: 20 },
  ...{ ms: 100, bytes: 5, peakBytes: 6 },
});
const stepsIn = () =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).step);

test('a run that begins empties the log with its first row or its end, and not before', () => {
  writeFileSync(path, 'old\n');
  const log = logOf(true);
  expect(log.add({ type: 'paused', step: 0 })).toEqual([]);
  expect(readFileSync(path, 'utf8')).toBe('old\n');
  logOf(true).end();
  expect(readFileSync(path, 'utf8')).toBe('');
  for (const at of [1, 2])
    expect(log.add(step(at))).toEqual([expect.objectContaining({ step: at })]);
  log.end();
  expect(stepsIn()).toEqual([1, 2]);
});

test('a run that goes on has the rows of its checkpoint: none is lost, and none is there twice', () => {
  // Of the process that was killed: a row too many, and half of one.
  const killed = logOf(true);
  for (const at of [1, 2, 3]) killed.add(step(at));
  writeFileSync(path, `${readFileSync(path, 'utf8')}{"step": 4, "lo`);
  const log = logOf(false);
  const history: LlamaMilestone[] = [
    ...[step(1), step(2)],
    { type: 'heldout', step: 2, loss: 1 },
    { type: 'restored', step: 2, at: '2026-01-02T03:04:05.678Z' },
  ];
  const rows = log.add({ type: 'resumed-from', step: 2, history, broken: [] });
  expect(rows.map((row) => row['step'])).toEqual([1, 2, 2, 2]);
  log.add(step(3));
  expect(stepsIn()).toEqual([1, 2, 2, 2, 3]);
});

test('a run that goes back tells those rows alone that were not told before', () => {
  const log = logOf(true);
  for (const at of [1, 2, 3]) log.add(step(at));
  const halved = { type: 'halved', step: 4, to: 2, batchSize: 1, accumulation: 2 } as const;
  const history: LlamaMilestone[] = [
    ...[step(1), step(2)],
    { ...halved, at: '2026-01-02T03:04:05.678Z' },
  ];
  const rows = log.add({ type: 'resumed-from', step: 2, history, broken: [] });
  expect(rows).toEqual([expect.objectContaining({ step: 4, event: 'halved' })]);
  expect(stepsIn()).toEqual([1, 2, 4]);
});

const FULL = () =>
  `--out ${path}: cannot be written: the disk is full: the run goes on, and keeps its lines until they can be`;

test('what a full disk does not take is told once, kept, and written when there is room', ({
  skip,
}) => {
  if (process.platform !== 'linux') skip('only Linux has /dev/full');
  symlinkSync('/dev/full', path);
  const log = logOf(true);
  for (const at of [1, 2])
    expect(log.add(step(at))).toEqual([expect.objectContaining({ step: at })]);
  expect(() => log.end()).toThrow(/^--out .*log\.jsonl: cannot be written: the disk is full$/);
  expect(told).toEqual([FULL()]);
  rmSync(path);
  log.add(step(3));
  expect(stepsIn()).toEqual([1, 2, 3]);
  rmSync(path);
  symlinkSync('/dev/full', path);
  log.add(step(4));
  // It went back, and the lines are others.
  log.add({ type: 'resumed-from', step: 1, history: [step(1)], broken: [] });
  expect(told).toEqual([FULL(), FULL()]);
  rmSync(path);
  log.end();
  expect(stepsIn()).toEqual([1]);
});

test('a line is there whole or not at all', ({ skip }) => {
  const why = whyNoRoom();
  if (why !== undefined) skip(why);
  const log = logOf(true);
  log.add(step(1));
  const size = readFileSync(path).length;
  const inRoom = (lines: number, event: Parameters<LogFile['add']>[0]) => {
    using _full = roomFor(Math.round(lines * size));
    log.add(event);
  };
  // The system writes half of the second line.
  inRoom(1.5, step(2));
  expect([stepsIn(), told.length]).toEqual([[1], 1]);
  inRoom(3, step(3));
  expect(stepsIn()).toEqual([1, 2, 3]);
  // A log that is made anew stays as it was until the new one fits.
  inRoom(1.5, { type: 'resumed-from', step: 2, history: [step(1), step(2)], broken: [] });
  expect(stepsIn()).toEqual([1, 2, 3]);
  log.end();
  expect(stepsIn()).toEqual([1, 2]);
  expect(readdirSync(folder)).toEqual(['log.jsonl']);
});
