import { GradproofError } from '../../errors.ts';
import type { TuningRow } from '../../gpu/tuning.ts';
import { type Outcome, resultOf } from '../../harness/headless/outcome.ts';

/** How long a worker may take to load and to measure for three seconds. Milliseconds. */
const LIMIT_MS = 60_000;

/**
 * Measures in a Web Worker which variants are fastest here for what fine-tuning asks for, in three
 * seconds, of that what `before` has as unmeasured where it is given, and gives the rows of that
 * table as a report tells them. Throws UnusableError where there is no device, GradproofError
 * `worker-died` or `timeout`, and what ended `signal`.
 */
export async function measuredInWorker(
  signal: AbortSignal,
  before?: readonly TuningRow[],
): Promise<Readonly<Record<string, string>>> {
  signal.throwIfAborted();
  const worker = new Worker(new URL('./measure-worker.ts', import.meta.url), { type: 'module' });
  const late = AbortSignal.timeout(LIMIT_MS);
  const ended = new AbortController();
  const until = { signal: ended.signal };
  try {
    return await new Promise((resolve, reject) => {
      const fail = (code: string, message: string) => reject(new GradproofError(code, message));
      worker.addEventListener(
        'message',
        ({ data }: MessageEvent<Outcome<Record<string, string>>>) =>
          resolve(new Promise((ok) => ok(resultOf(data)))),
      );
      worker.addEventListener('error', ({ message }) =>
        fail('worker-died', `what measures kernels ended: ${message || 'it could not start'}`),
      );
      late.addEventListener(
        'abort',
        () => fail('timeout', `kernels were not measured within ${LIMIT_MS} ms`),
        until,
      );
      signal.addEventListener('abort', () => reject(signal.reason), until);
      worker.postMessage(before);
    });
  } finally {
    ended.abort();
    worker.terminate();
  }
}
