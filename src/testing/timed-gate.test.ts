import { describe, expect, test } from 'vitest';
import { AssertionError, CaseContext, SkipSignal } from './context.ts';
import { timedGate } from './timed-gate.ts';

const contextOn = (isFallback: boolean) =>
  new CaseContext({ gpu: { adapter: { isFallback } }, ieee: true, seed: 1, injects: [] } as never);

/** What comes of measurements that should be at most 10; how often it was measured. */
async function gateOf(times: readonly number[], isFallback = false) {
  const t = contextOn(isFallback);
  const left = [...times];
  const ended = await timedGate(
    t,
    async () => left.shift() as number,
    (ms) => ms <= 10,
    (ms) => `${ms} ms`,
  ).catch((error: unknown) => error);
  return { ended, measured: times.length - left.length, assertions: t.evidence.assertions };
}

describe('a time that gates', () => {
  test('is measured three times, and holds where all three do', async () => {
    expect(await gateOf([8, 10, 9, 99])).toEqual({ ended: undefined, measured: 3, assertions: 1 });
  });

  test('fails where none does', async () => {
    const { ended } = await gateOf([11, 12, 13]);
    expect(ended).toBeInstanceOf(AssertionError);
    expect(ended).toMatchObject({ message: '11 ms; 12 ms; 13 ms' });
  });

  test('is no verdict where the repeats contradict each other, or a processor computes', async () => {
    const noisy = await gateOf([8, 12, 9]);
    expect(noisy.ended).toBeInstanceOf(SkipSignal);
    expect(noisy.ended).toMatchObject({
      code: 'noisy',
      message: 'the repeats contradict each other: 8 ms; 12 ms; 9 ms',
    });
    const slow = await gateOf([8, 8, 8], true);
    expect(slow).toMatchObject({ ended: { code: 'fallback-adapter' }, measured: 0 });
  });
});
