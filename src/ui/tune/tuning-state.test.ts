import { expect, test } from 'vitest';
import type { Happening } from './happening.ts';
import { keepingSoFar } from './tuning-state.ts';

const at = new Date(0);
const checkpoint: Happening = { kind: 'checkpoint', step: 3, at, bytes: 1, ms: 1, share: 0 };
const resumed = (step: number): Happening => ({ kind: 'resumed', step, at });
const refused: Happening = { kind: 'refused', step: 3, at, message: 'no room' };

test.each([
  ['before the first checkpoint', [], 'notYet'],
  ['once there is one', [checkpoint], 'lasting'],
  ['where a later one is refused', [checkpoint, refused], 'lasting'],
  ['where the first one is', [refused], 'nothing'],
  ['of a run that goes on from one', [resumed(3)], 'lasting'],
  ['of one that begins anew', [resumed(0)], 'notYet'],
])('what is said of checkpoints %s', (_, happened, said) => {
  expect(keepingSoFar({ keeping: 'lasting', happened })).toBe(said);
});

test('of a run that was taken from the list there is one, before it tells anything', () => {
  expect(keepingSoFar({ keeping: 'lasting', happened: [], isResumed: true })).toBe('lasting');
});

test('where a browser keeps none, or it is not known yet, nothing is promised', () => {
  expect(keepingSoFar({ keeping: 'nothing', happened: [] })).toBe('nothing');
  expect(keepingSoFar({ happened: [] })).toBeUndefined();
});
