import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LlamaMilestone } from '../../train/llama/progress.ts';
import { LogFile } from './log-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'));
  path = join(folder, 'log.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

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
  const log = new LogFile(path, true);
  expect(log.add({ type: 'paused', step: 0 })).toEqual([]);
  expect(readFileSync(path, 'utf8')).toBe('old\n');
  new LogFile(path, true).begin();
  expect(readFileSync(path, 'utf8')).toBe('');
  for (const at of [1, 2])
    expect(log.add(step(at))).toEqual([expect.objectContaining({ step: at })]);
  log.begin();
  expect(stepsIn()).toEqual([1, 2]);
});

test('a run that goes on has the rows of its checkpoint: none is lost, and none is there twice', () => {
  // Of the process that was killed: a row too many, and half of one.
  const killed = new LogFile(path, true);
  for (const at of [1, 2, 3]) killed.add(step(at));
  writeFileSync(path, `${readFileSync(path, 'utf8')}{"step": 4, "lo`);
  const log = new LogFile(path, false);
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
  const log = new LogFile(path, true);
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
