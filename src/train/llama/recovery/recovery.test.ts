import { expect, test } from 'vitest';
import { RankLostError } from '../../sharded/rank-errors.ts';
import { trainingConfigOf } from '../config/read-training-config.ts';
import type { LlamaMilestone } from '../progress.ts';
import { wayOnAfter, waysBack } from './recovery.ts';
import { LossExplodedError } from './run-faults.ts';

const config = trainingConfigOf({ type: 'lora', lora: { r: 4 }, learning_rate: 0.01 });

const wayOn = (since: number, history: readonly LlamaMilestone[]) =>
  wayOnAfter(new LossExplodedError(since, since + 2, 3, 99), { config, history, isKept: true });

/** After how many steps at most a run goes on that was lost from step `since` on. */
const latest = (since: number, history: readonly LlamaMilestone[]) => wayOn(since, history)?.latest;

const wentBack = (step: number, to: number): LlamaMilestone => ({
  ...{ type: 'rolled-back', step, to, at: '', why: 'exploded', learningRate: 0.005 },
});

test('a run that is lost goes back to before the update that may be wrong', () => {
  expect(latest(12, [])).toEqual([10]);
});

test('lost again before it is past where it was, it goes back further than before', () => {
  // Or as far, where nothing is before that.
  expect(latest(12, [wentBack(14, 10)])).toEqual([9, 10]);
  expect(latest(14, [wentBack(14, 10)])).toEqual([9, 10]);
  expect(latest(9, [wentBack(14, 10)])).toEqual([7, 10]);
  expect(latest(11, [wentBack(14, 10), wentBack(13, 6)])).toEqual([5, 6]);
});

test('lost at another place it is lost for another reason', () => {
  expect(latest(15, [wentBack(14, 10)])).toEqual([13]);
});

test('where nothing is kept, and after as many times as it may, it ends', () => {
  const error = new LossExplodedError(12, 14, 3, 99);
  expect(wayOnAfter(error, { config, history: [], isKept: false })).toBeUndefined();
  const often = [wentBack(4, 2), wentBack(8, 6), wentBack(14, 10)];
  expect(latest(12, often)).toBeUndefined();
});

/** A step with that loss. */
const made = (step: number, loss: number): LlamaMilestone => ({
  ...{ type: 'step', step, loss, epoch: 0, tokens: 1, tokensPerSecond: 1, ms: 1 },
  ...{ bytes: 1, peakBytes: 1 },
});

test('steps after which something seemed wrong are not gone back to, long ago too', () => {
  const losses = [4, 4, 9, 9, 4, 4, 9, 9, 9];
  const way = wayOn(
    7,
    losses.map((loss, i) => made(i + 1, loss)),
  );
  expect(losses.map((_, i) => way?.isSound?.(i + 1))).toEqual([
    ...[true, true, false, false, true, true, false, false, false],
  ]);
});

test('what a run may have to go back to is what it would go back to', () => {
  const isSound = () => true;
  expect(waysBack(12, [], { isSound })).toEqual({ safe: 10, latest: [10], isSound });
  const before = [wentBack(14, 10)];
  expect(waysBack(12, before, { isSound })).toEqual({ safe: 10, latest: [9, 10], isSound });
  expect(waysBack(15, before, { isSound })).toEqual({ safe: 13, latest: [13], isSound });
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
