import { expect, test } from 'vitest';
import { HostTime } from './host-time.ts';

test('of runs the median counts, with the microseconds of each command', () => {
  const time = new HostTime();
  expect(time.metrics('eager')).toEqual({});
  for (const ms of [0.5, 40, 0.25]) time.add(ms, 20);
  expect(time.metrics('eager')).toEqual({
    eagerHostMs: 0.5,
    eagerCommands: 20,
    eagerHostUsPerCommand: 25,
  });
});

test('a run without commands has no time of each', () => {
  const time = new HostTime();
  time.add(1, 0);
  expect(time.metrics('captured')).toEqual({ capturedHostMs: 1, capturedCommands: 0 });
});
