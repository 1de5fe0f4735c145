import { expect, test } from 'vitest';
import { hostTensorFrom } from '../tensor/host.ts';
import { RunLog } from './run-log.ts';

const one = hostTensorFrom('f32', [1], [0]);
const state = (step: number) => ({
  step,
  tensors: { param: one },
  random: 0,
  statistics: {},
});

function logOf(losses: readonly number[]): RunLog {
  const log = new RunLog();
  for (const loss of losses) log.addLoss(loss);
  return log;
}

test.each<[string, readonly number[], number | undefined]>([
  ['falls', [5.5, 5, 4.2, 4.4], undefined],
  ['wavers within a nat', [5.5, 6.5, 5.6], undefined],
  ['jumps', [5.5, 5.4, 6.6, 9], 3],
  ['is no number', [5.5, Number.NaN, 5.4], 2],
  ['is infinite', [5.5, 5.4, Number.POSITIVE_INFINITY], 3],
  ['is no number from the start', [Number.NaN], 1],
])('a loss that %s', (_, losses, anomalous) => {
  expect(logOf(losses).anomalousStep).toBe(anomalous);
});

test('the last two states are kept, and none from after a step that was anomalous', () => {
  const lastRight = (anomalous: number | undefined) => {
    const log = logOf([5, 5]);
    for (const step of [1, 5, 10]) log.keep(state(step));
    if (anomalous) log.addAnomaly(anomalous);
    log.keep(state(15));
    return log.lastRight?.step;
  };
  expect([20, 11, 10, 6, 5].map(lastRight)).toEqual([10, 10, 5, 5, undefined]);
  expect(lastRight(undefined)).toBeUndefined();
});

test('fingerprints of the last 100,000 steps are kept', () => {
  const log = new RunLog();
  const fingerprint = (step: number) => Uint32Array.of(step);
  log.note([fingerprint(1), fingerprint(2)]);
  expect([log.fingerprintsOf(1)?.[0], log.fingerprintsOf(2)?.[0]]).toEqual([1, 2]);
  expect(log.fingerprintsOf(3)).toBeUndefined();
  const shared = fingerprint(0);
  log.note(new Array<Uint32Array>(99_998).fill(shared));
  expect(log.fingerprintsOf(1)?.[0]).toBe(1);
  log.note([fingerprint(100_001)]);
  expect(log.fingerprintsOf(1)).toBeUndefined();
  expect(log.fingerprintsOf(2)?.[0]).toBe(2);
  expect(log.fingerprintsOf(100_001)?.[0]).toBe(100_001);
});
