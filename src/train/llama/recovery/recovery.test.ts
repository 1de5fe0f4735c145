import { expect, test } from 'vitest';
import { RankLostError } from '../../sharded/rank-errors.ts';
import { trainingConfigOf } from '../config/read-training-config.ts';
import type { LlamaMilestone } from '../progress.ts';
import { wayOnAfter } from './recovery.ts';
import { LossExplodedError } from './run-faults.ts';

const config = trainingConfigOf({ type: 'lora', lora: { r: 4 }, learning_rate: 0.01 });

/** After how many steps at most a run goes on that was lost from step `since` on. */
function latest(since: number, history: readonly LlamaMilestone[]): number | undefined {
  const error = new LossExplodedError(since, since + 2, 3, 99);
  return wayOnAfter(error, { config, history, isKept: true })?.latest;
}

const wentBack = (step: number, to: number): LlamaMilestone => ({
  ...{ type: 'rolled-back', step, to, at: '', why: 'exploded', learningRate: 0.005 },
});

test('a run that is lost goes back to before the update that may be wrong', () => {
  expect(latest(12, [])).toBe(10);
});

test('lost again before it is past where it was, it goes back further than before', () => {
  expect(latest(12, [wentBack(14, 10)])).toBe(9);
  expect(latest(14, [wentBack(14, 10)])).toBe(9);
  expect(latest(9, [wentBack(14, 10)])).toBe(7);
  expect(latest(11, [wentBack(14, 10), wentBack(13, 6)])).toBe(5);
});

test('lost at another place it is lost for another reason', () => {
  expect(latest(15, [wentBack(14, 10)])).toBe(13);
});

test('where nothing is kept, and after as many times as it may, it ends', () => {
  const error = new LossExplodedError(12, 14, 3, 99);
  expect(wayOnAfter(error, { config, history: [], isKept: false })).toBeUndefined();
  const often = [wentBack(4, 2), wentBack(8, 6), wentBack(14, 10)];
  expect(latest(12, often)).toBeUndefined();
});

/** A worker that was lost in a step after the checkpoint of step `to`. */
const lostAfter = (to: number): LlamaMilestone => ({
  ...{ type: 'rank-lost', step: to + 1, to, at: '', rank: 1, why: 'its worker ended' },
});

/** Whether a run goes on after step `to` that lost a worker. */
const goesOn = (to: number, history: readonly LlamaMilestone[]): boolean =>
  wayOnAfter(new RankLostError(1, 'its worker ended'), { config, history, isKept: true })?.change(
    to,
  ) !== undefined;

test('workers lost after different checkpoints never end a run', () => {
  expect(goesOn(40, [lostAfter(0), lostAfter(10), lostAfter(20), lostAfter(30)])).toBe(true);
});

test('workers lost after one checkpoint end it after as many times as they may', () => {
  const moved = [lostAfter(10), lostAfter(20), lostAfter(20)];
  expect(goesOn(20, moved)).toBe(true);
  expect(goesOn(20, [...moved, lostAfter(20)])).toBe(false);
  // What it goes back to may be older than where it was.
  expect(goesOn(10, moved)).toBe(false);
});

test('who resumes a run counts anew', () => {
  const often = [lostAfter(20), lostAfter(20), lostAfter(20)];
  expect(goesOn(20, [...often, { type: 'restored', step: 20, at: '' }])).toBe(true);
});
