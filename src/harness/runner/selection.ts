import type { BridgeLink } from '../../backends/bridge.ts';
import { GradproofError } from '../../errors.ts';
import { FormatError } from '../../formats/format-error.ts';
import { counted } from '../../report/counted.ts';
import type { RunOptions } from '../../report/run-options.ts';
import { TIERS } from '../../report/tiers.ts';
import { Random } from '../../tensor/random.ts';
import type { Case } from '../../testing/suite.ts';
import { filterOf } from '../filter.ts';
import { type Live, liveReplayCase, loadLiveCases } from '../live.ts';
import { nearestFilters } from '../nearest.ts';
import { type BundleFile, replayCases, type WorkerBundle } from '../parity.ts';
import { select } from '../plan.ts';

/** No case is left after tier, filters and shard. */
export class EmptySelectionError extends GradproofError {
  /** `matching` of the cases were left before the shard; `all` are those of every tier. */
  constructor(options: RunOptions, matching: number, all: readonly Case[]) {
    const { filters, tier, shard } = options;
    const shown = filters.map((glob) => `"${glob}"`).join(', ');
    const empty = `shard ${shard.index}/${shard.count} is empty: only ${counted(matching, 'case matches', 'cases match')}, so n may be ${matching} at most`;
    const elsewhere = otherTier(options, all);
    const none = elsewhere
      ? `no case of tier ${tier} matches ${shown}: add --tier ${elsewhere}`
      : `no case matches ${shown || 'the tier'}: ${proposal(filters, all)}see --list for the ids`;
    super('no-such-case', matching > 0 ? empty : none);
  }
}

/** The first tier in which the filters select something. */
function otherTier({ filters }: RunOptions, all: readonly Case[]): string | undefined {
  const shard = { index: 1, count: 1 };
  return TIERS.find((tier) => select(all, { tier, filters, shard }).length > 0);
}

/** "did you mean "ops.nn.silu:*"? ", where something is near to a filter that selects nothing. */
function proposal(filters: readonly string[], all: readonly Case[]): string {
  const ids = all.map(({ id }) => id);
  const near = filters
    .filter((glob) => !glob.startsWith('!') && !ids.some(filterOf([glob])))
    .flatMap((glob) => nearestFilters(glob, ids));
  const shown = [...new Set(near)].map((glob) => `"${glob}"`);
  return shown.length > 0 ? `did you mean ${shown.join(' or ')}? Else ` : '';
}

/** Parity bundles to replay. */
export interface Replay {
  readonly bundles: readonly BundleFile[];
  /** Replay the bundles and nothing of the plan: what is wanted unless a tier was asked for too. */
  readonly alone: boolean;
}

/**
 * A case to run, with what makes it if it is in no registry: the bundle that it replays, the device
 * that computes.
 */
export interface Selected {
  readonly declared: Case;
  readonly bundle?: WorkerBundle;
  readonly link?: BridgeLink;
}

/**
 * What a run runs, in order: cases of the plan, then bundles, then both on the devices of `live`;
 * filters and shard select among each, by its own positions. Throws {@link EmptySelectionError},
 * and FormatError about a bad bundle that was named directly or when there is none.
 */
export function selectAll(
  cases: Iterable<Case>,
  replay: Replay | undefined,
  options: RunOptions,
  live: Live = { links: [], alone: false },
): readonly Selected[] {
  const replays = replayCases(replay?.bundles ?? []);
  const planned = replay?.alone ? [] : [...cases].map((declared) => ({ declared }));
  const ours = live.alone ? [] : [planned, replays];
  const theirs = live.links.flatMap((link) => [
    replay?.alone ? [] : [...loadLiveCases(link).values()].map((declared) => ({ declared, link })),
    replays.flatMap(({ bundle }) => {
      const declared = liveReplayCase(bundle, link);
      return declared ? [{ declared, bundle, link }] : [];
    }),
  ]);
  const within = ({ shard }: Pick<RunOptions, 'shard'>) =>
    [...ours, ...theirs].flatMap((group) => selectAmong(group, { ...options, shard }));
  const selected = within(options);
  if (selected.length > 0) return options.shuffle ? shuffled(selected, options.seed) : selected;
  if (replay?.alone && replay.bundles.length === 0)
    throw new FormatError('there is no parity bundle (*.safetensors) to replay');
  const all = [...ours, ...theirs].flatMap((group) => group.map(({ declared }) => declared));
  throw new EmptySelectionError(options, within({ shard: { index: 1, count: 1 } }).length, all);
}

function selectAmong(group: readonly Selected[], options: RunOptions): readonly Selected[] {
  const whole = new Map(group.map((one) => [one.declared, one]));
  return select(whole.keys(), options).map((declared) => whole.get(declared) as Selected);
}

/** The items in an order that `seed` decides (Fisher and Yates). */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  const order = [...items];
  const random = new Random(seed);
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.integer(0, i);
    [order[i], order[j]] = [order[j] as T, order[i] as T];
  }
  return order;
}
