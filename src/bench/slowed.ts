import { keyOf } from '../report/case-key.ts';
import { counted } from '../report/counted.ts';
import type { Report } from '../report/schema.ts';
import { timedSamples } from './documented-loop.ts';
import {
  canTell,
  FEWEST_SAMPLES,
  isSlower,
  paceOfFastest,
  SLOWER_BY,
} from './statistics/slower.ts';

/** What became slower between two benches. */
export interface Slowed {
  /** Undefined where something is; else why nothing is compared. */
  readonly why: string | undefined;
  /** Results that were timed in both, with samples enough in each. */
  readonly compared: number;
  /** Results that were timed in both, one of them with too few samples to be judged. */
  readonly unjudged: number;
  /** Samples of the result that has fewest among those that are compared. */
  readonly fewestSamples: number;
  readonly slower: readonly {
    readonly id: string;
    readonly backend: string;
    /** Medians of the fastest half of the samples, which decide. */
    readonly beforeMs: number;
    readonly afterMs: number;
    /** How many times as long: the median of all ratios between both halves. */
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
  const earlier = new Map(before.results.map((result) => [keyOf(result), timedSamples(result)]));
  const pairs = after.results.flatMap((result) => {
    const then = earlier.get(keyOf(result));
    const now = timedSamples(result);
    return now && then ? [{ result, now, then }] : [];
  });
  if (pairs.length === 0) return nothing('nothing that was timed now is in the baseline');
  const judged = pairs.filter(({ now, then }) => canTell(now, then));
  const unjudged = pairs.length - judged.length;
  if (judged.length === 0)
    return nothing(`nothing has ${FEWEST_SAMPLES} samples in both, and fewer tell nothing`);
  const slower = judged.flatMap(({ result: { id, backend }, now, then }) => {
    if (!isSlower(now, then, SLOWER_BY)) return [];
    const { ratio, ms, othersMs } = paceOfFastest(now, then);
    return [{ id, backend, beforeMs: othersMs, afterMs: ms, ratio }];
  });
  const fewestSamples = Math.min(...judged.flatMap(({ now, then }) => [now.length, then.length]));
  return { why: undefined, compared: judged.length, unjudged, fewestSamples, slower };
}

const nothing = (why: string): Slowed => ({
  why,
  ...{ compared: 0, unjudged: 0, fewestSamples: 0, slower: [] },
});

/** What times hang on: of an adapter that is a processor its cores too. */
function adapterOf({ environments }: Report): string {
  const [environment] = environments;
  if (!environment) return 'none';
  const { runtime, adapter, cores } = environment;
  const { vendor, architecture, description, isFallback } = adapter;
  const on = isFallback ? `on ${counted(cores, 'core')}` : '';
  return [runtime, vendor, architecture, description, on].filter(Boolean).join(' ');
}
