import type { CaseContext } from './context.ts';

/** Measurements that must agree. */
const REPEATS = 3;

/**
 * A time that gates: {@link repeatedGate}, and a skip with `fallback-adapter` where the adapter is a
 * processor, whose times are no verdict.
 */
export async function timedGate<T>(
  t: CaseContext,
  measure: () => Promise<T>,
  holds: (measured: T) => boolean,
  words: (measured: T) => string,
): Promise<void> {
  if (t.gpu.adapter.isFallback)
    t.skip('fallback-adapter', 'a processor computes here, and its times are no verdict');
  await repeatedGate(t, measure, holds, words);
}

/**
 * What an instrument must tell of a known ratio, on any adapter: measures three times and asserts what
 * all three agree on. Skips with `noisy` where the repeats contradict each other.
 */
export async function repeatedGate<T>(
  t: CaseContext,
  measure: () => Promise<T>,
  holds: (measured: T) => boolean,
  words: (measured: T) => string,
): Promise<void> {
  const measured: T[] = [];
  for (let i = 0; i < REPEATS; i++) measured.push(await measure());
  const held = measured.map(holds);
  const told = () => measured.map(words).join('; ');
  if (new Set(held).size > 1) t.skip('noisy', `the repeats contradict each other: ${told()}`);
  t.expect(held.every(Boolean), told);
}
