import { keyOf } from '../report/case-key.ts';
import type { Report } from '../report/schema.ts';
import { timedSamples } from './documented-loop.ts';
import { SLOWER_BY } from './self-test.ts';
import { isSlower, paceOf } from './statistics/slower.ts';

/** What became slower between two benches. */
export interface Slowed {
  /** Undefined where something is; else why nothing is compared. */
  readonly why: string | undefined;
  /** Results that were timed in both. */
  readonly compared: number;
  /** Samples of the result among them that has fewest. */
  readonly fewestSamples: number;
  readonly slower: readonly {
    readonly id: string;
    readonly backend: string;
    readonly beforeMs: number;
    readonly afterMs: number;
    /** How many times as long. */
    readonly ratio: number;
  }[];
}

/** Names what takes over 15 % longer than before, by the samples of both, on the same adapter. */
export function becameSlower(before: Report, after: Report): Slowed {
  const adapters = [before, after].map(adapterOf);
  if (adapters[0] !== adapters[1]) {
    const why = `the baseline is of another adapter (${adapters.join(', now ')})`;
    return nothing(why);
  }
  const earlier = new Map(before.results.map((result) => [keyOf(result), result]));
  const pairs = after.results.flatMap((result) => {
    const other = earlier.get(keyOf(result));
    const now = timedSamples(result);
    const then = other && timedSamples(other);
    return now && then ? [{ result, other, now, then }] : [];
  });
  if (pairs.length === 0) return nothing('nothing that was timed now is in the baseline');
  const slower = pairs.flatMap(({ result, other, now, then }) => {
    if (!isSlower(now, then, SLOWER_BY)) return [];
    const { id, backend, timing } = result;
    const beforeMs = other.timing?.medianMs ?? 0;
    const afterMs = timing?.medianMs ?? 0;
    return [{ id, backend, beforeMs, afterMs, ratio: paceOf(now, then).ratio }];
  });
  const fewestSamples = Math.min(...pairs.flatMap(({ now, then }) => [now.length, then.length]));
  return { why: undefined, compared: pairs.length, fewestSamples, slower };
}

const nothing = (why: string): Slowed => ({ why, compared: 0, fewestSamples: 0, slower: [] });

function adapterOf({ environments }: Report): string {
  const [environment] = environments;
  if (!environment) return 'none';
  const { runtime, adapter } = environment;
  const { vendor, architecture, description } = adapter;
  return [runtime, vendor, architecture, description].filter(Boolean).join(' ');
}
