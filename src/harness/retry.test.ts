import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Backoff, retry } from './retry.ts';
import { persistently } from './runner/persistently.ts';
import { UnusableError } from './runner/unusable.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Attempts: the first throw `errors` in turn and the next gives its number; when each began. */
function attemptsThat(...errors: readonly Error[]) {
  const begun = [] as number[];
  const started = Date.now();
  const attempt = async () => {
    begun.push(Date.now() - started);
    const error = errors[begun.length - 1];
    if (error) throw error;
    return begun.length;
  };
  return { attempt, begun };
}

const never = () => false;
const FAILURES = ['one', 'two', 'three'].map((message) => new Error(message));

test('a success is not repeated', async () => {
  const { attempt, begun } = attemptsThat();
  expect(await retry(attempt, [250], never)).toBe(1);
  expect(begun).toEqual([0]);
});

test('each further attempt comes after its pause', async () => {
  const { attempt, begun } = attemptsThat(...FAILURES);
  const result = retry(attempt, [0, 250, 2000], never);
  await vi.runAllTimersAsync();
  expect(await result).toBe(4);
  expect(begun).toEqual([0, 0, 250, 2250]);
});

test.each([[[]], [[250]], [[250, 2000]]])(
  'after the pauses %j what the last attempt threw is thrown',
  async (pausesMs) => {
    const { attempt, begun } = attemptsThat(...FAILURES);
    const thrown = retry(attempt, pausesMs, never).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    expect(await thrown).toBe(FAILURES[pausesMs.length]);
    expect(begun).toHaveLength(pausesMs.length + 1);
  },
);

test('a final error is thrown at once, by a later attempt too', async () => {
  const final = new TypeError('final');
  const { attempt, begun } = attemptsThat(new Error('one'), final);
  const thrown = retry(attempt, [250, 2000], (error) => error === final).catch(
    (error: unknown) => error,
  );
  await vi.advanceTimersByTimeAsync(250);
  expect(await thrown).toBe(final);
  expect([begun, vi.getTimerCount()]).toEqual([[0, 250], 0]);
});

test('pauses begin again after a reset', async () => {
  const backoff = new Backoff([10, 30]);
  const waited = async () => {
    const began = Date.now();
    const pause = backoff.pause();
    await vi.runAllTimersAsync();
    return (await pause) && Date.now() - began;
  };
  expect([await waited(), await waited(), await waited(), await waited()]).toEqual([
    10,
    30,
    false,
    false,
  ]);
  backoff.reset();
  expect([await waited(), await waited(), await waited()]).toEqual([10, 30, false]);
});

test('a worker without a device is started again twice, and not once its run is over', async () => {
  const none = new UnusableError('no-device', 'none');
  const living = attemptsThat(none, none, none);
  const thrown = persistently(living.attempt, new AbortController().signal).catch(
    (error: unknown) => error,
  );
  await vi.runAllTimersAsync();
  expect([await thrown, living.begun]).toEqual([none, [0, 250, 2250]]);
  const over = attemptsThat(none);
  await expect(persistently(over.attempt, AbortSignal.abort())).rejects.toBe(none);
  const broken = attemptsThat(new Error('a defect'));
  await expect(persistently(broken.attempt, new AbortController().signal)).rejects.toThrow(
    'a defect',
  );
  expect([over.begun, broken.begun]).toEqual([[0], [0]]);
});
