import type { Router } from '../app/router.ts';
import type { History } from '../history/history.ts';
import type { CompareSession, Source } from './compare-session.ts';

/** Goes to compare a result: it takes the side that is free, else the second one. */
export function compareWith(source: Source, comparison: CompareSession, router: Router): void {
  const { before } = comparison.state.value;
  comparison.choose(before.phase === 'empty' ? 'before' : 'after', source);
  router.go({ view: 'compare', pair: comparison.pair });
}

/**
 * Goes to compare a kept run with the one before it on this adapter and browser; without one, the
 * other side is left to choose.
 */
export async function compareRun(
  id: string,
  comparison: CompareSession,
  history: History,
  router: Router,
): Promise<void> {
  await history.load();
  const earlier = history.before(id);
  const choices = [comparison.choose('after', { kind: 'run', id })];
  if (earlier) choices.push(comparison.choose('before', { kind: 'run', id: earlier }));
  router.go({ view: 'compare', pair: comparison.pair });
  await Promise.all(choices);
}
