import { isBridgeName } from '../../backends/bridge/name.ts';
import { pace, type TimeFigure } from '../../report/compare/range.ts';
import type { Snapshot } from '../../report/compare/snapshot.ts';
import { groupBy } from '../../report/group.ts';
import type { CaseResult } from '../../report/schema.ts';

/** How long something took, and from where to where it may lie. Milliseconds. */
export interface TimeSpan {
  readonly medianMs: number;
  readonly lowMs: number;
  readonly highMs: number;
}

/** What was timed twice: by two runs, or by a library and by us. */
export interface SpeedPair {
  readonly name: string;
  readonly first: TimeSpan;
  readonly second: TimeSpan;
}

/**
 * The cases that two results timed with the same clock and with their spread, the largest
 * difference first.
 */
export function pairsOfResults(before: Snapshot, after: Snapshot): readonly SpeedPair[] {
  const pairs = [...before.cases].flatMap(([key, { id, time }]) => {
    const other = after.cases.get(key)?.time;
    return time && other && pace(time, other)
      ? [{ name: id, first: spanOf(time), second: spanOf(other) }]
      : [];
  });
  return pairs.sort((a, b) => difference(b) - difference(a));
}

function spanOf({ medianMs, range }: TimeFigure): TimeSpan {
  return { medianMs, lowMs: range?.low ?? medianMs, highMs: range?.high ?? medianMs };
}

/** How often the shorter time goes into the longer one, as a logarithm. */
function difference({ first, second }: SpeedPair): number {
  return Math.abs(Math.log(first.medianMs / second.medianMs));
}

/**
 * The ops that a device behind the bridge computed in a run: its time first, ours second, each the
 * median of the op's cases, from the fastest to the slowest. Of one call each, so a hint and no
 * benchmark. By the device's backend.
 */
export function pairsOfDevices(
  results: readonly CaseResult[],
): ReadonlyMap<string, readonly SpeedPair[]> {
  const timed = results.flatMap(({ backend, suite, status, metrics }) => {
    const theirs = metrics?.['bridgeMs'];
    const ours = metrics?.['oursMs'];
    return status === 'pass' && isBridgeName(backend) && theirs && ours
      ? [{ backend, suite, theirs, ours }]
      : [];
  });
  const devices = groupBy(timed, ({ backend }) => backend);
  return new Map(
    [...devices].map(([backend, cases]) => [
      backend,
      [...groupBy(cases, ({ suite }) => suite)].map(([suite, ofOp]) => ({
        name: suite.split('.').at(-1) ?? suite,
        first: spanOver(ofOp.map(({ theirs }) => theirs)),
        second: spanOver(ofOp.map(({ ours }) => ours)),
      })),
    ]),
  );
}

function spanOver(values: readonly number[]): TimeSpan {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
  return { medianMs: at(0.5), lowMs: at(0), highMs: at(1) };
}
