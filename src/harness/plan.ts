import { keyOf } from '../report/case-key.ts';
import type { RunOptions } from '../report/run-options.ts';
import type { Case } from '../testing/suite.ts';
import type { PlanEntry } from './events.ts';
import { filterOf } from './filter.ts';

/** The tiers that a tier includes. */
const INCLUDED = {
  quick: ['quick'],
  full: ['quick', 'full'],
  slow: ['quick', 'full', 'slow'],
} as const;

/**
 * The cases of the plan that tier, filters and shard select, in plan order. The plan's hash does
 * not depend on them.
 */
export function select(
  cases: Iterable<Case>,
  options: Pick<RunOptions, 'tier' | 'filters' | 'shard'>,
): readonly Case[] {
  const tiers: readonly string[] = INCLUDED[options.tier];
  const sorted = [...cases].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const isChosen = filterOf(options.filters);
  const chosen = sorted.filter(({ id, tier }) => tiers.includes(tier) && isChosen(id));
  return chosen.filter((_, position) => position % options.shard.count === options.shard.index - 1);
}

/** What page and command line show of a case before it runs. */
export function planEntry(declared: Case): PlanEntry {
  const { id, backend, suite, tier, description, control, covers } = declared;
  return { id, backend, suite, tier, description, control: control.name, covers };
}
