import type { Cause } from '../../report/causes.ts';
import type { CaseResult } from '../../report/schema.ts';

/** A cause with those of its results that are told. */
export interface ToldCause {
  readonly cause: Cause;
  readonly told: readonly CaseResult[];
}

/**
 * The first results of the causes, as many as `most` in all: one of each cause, then a second of
 * each, so that no large cause hides a small one. Causes for which there is no room are left out.
 */
export function toldOf(causes: readonly Cause[], most: number): readonly ToldCause[] {
  const counts = causes.map(() => 0);
  let room = most;
  for (let before = -1; room !== before; ) {
    before = room;
    for (const [i, { results }] of causes.entries()) {
      const count = counts[i] ?? 0;
      if (room === 0 || count === results.length) continue;
      counts[i] = count + 1;
      room--;
    }
  }
  return causes
    .map((cause, i) => ({ cause, told: cause.results.slice(0, counts[i]) }))
    .filter(({ told }) => told.length > 0);
}
