import type { PlanEntry } from '../../harness/events.ts';
import { keyOf } from '../../report/case-key.ts';
import { DEFAULT_RUN_OPTIONS, type RunOptions } from '../../report/run-options.ts';
import { TIERS, type Tier } from '../../report/tiers.ts';
import { type Address, optionsOf, queryText } from '../app/address.ts';
import { caseStateOf, type Progress } from '../cases/case-state.ts';
import { find, parseQuery, type Term, tiersOf } from '../cases/query.ts';
import { patternsFor } from '../cases/suite-tree.ts';

/** What the address chooses. */
export interface Choice {
  readonly terms: readonly Term[];
  /** What the terms look through: the cases of the chosen tiers. */
  readonly among: readonly PlanEntry[];
  /** What they find. */
  readonly found: readonly PlanEntry[];
}

/** The tiers that a tier includes. */
const INCLUDED: Readonly<Record<Tier, readonly Tier[]>> = {
  quick: ['quick'],
  full: ['quick', 'full'],
  slow: TIERS,
};

/** What the address chooses of a plan, as it stands. */
export function choose(
  plan: readonly PlanEntry[],
  address: Pick<Address, 'options' | 'words'>,
  progress: Progress,
): Choice {
  const terms = parseQuery(queryText(address));
  const named = tiersOf(terms);
  const tiers = named.length > 0 ? named : INCLUDED[optionsOf(address).tier];
  const among = plan.filter(({ tier }) => tiers.includes(tier));
  return {
    terms,
    among,
    found: find(terms, among, (entry) => caseStateOf(keyOf(entry), progress)),
  };
}

/** Another tier, and how much an address finds there. */
export interface OtherTier {
  readonly tier: Tier;
  readonly found: number;
}

/**
 * The first tier in which the address finds something: what to propose where it finds nothing in
 * its own. Undefined where it finds nothing in any, or its words name tiers themselves.
 */
export function tierThatFinds(
  plan: readonly PlanEntry[],
  address: Pick<Address, 'options' | 'words'>,
  progress: Progress,
): OtherTier | undefined {
  return TIERS.map((tier) => {
    const other = { ...address, options: { ...address.options, tier } };
    return { tier, found: choose(plan, other, progress).found.length };
  }).find(({ found }) => found > 0);
}

/**
 * The options of a run of the address that need no plan: patterns the command line would take.
 * Undefined where the query has other words.
 */
export function plainOptions(address: Pick<Address, 'options' | 'words'>): RunOptions | undefined {
  return parseQuery(queryText(address)).every(({ kind }) => kind === 'glob')
    ? optionsOf(address)
    : undefined;
}

/** The options of a run of `entries` of the plan; other options are the address's. */
export function optionsFor(
  entries: readonly PlanEntry[],
  plan: readonly PlanEntry[],
  options: Partial<RunOptions>,
): RunOptions {
  const tier =
    TIERS.findLast((name) => entries.some((entry) => entry.tier === name)) ??
    DEFAULT_RUN_OPTIONS.tier;
  const filters = patternsFor(
    entries,
    plan.filter((entry) => INCLUDED[tier].includes(entry.tier)),
  );
  return { ...DEFAULT_RUN_OPTIONS, ...options, tier, filters };
}
