import type { BridgeLink } from '../../backends/bridge.ts';
import { GradproofError } from '../../errors.ts';
import { FormatError } from '../../formats/format-error.ts';
import { counted } from '../../report/counted.ts';
import type { RunOptions } from '../../report/run-options.ts';
import { Random } from '../../tensor/random.ts';
import type { Case } from '../../testing/suite.ts';
import { type Live, liveReplayCase, loadLiveCases } from '../live.ts';
import { type BundleFile, replayCases, type WorkerBundle } from '../parity.ts';
import { select } from '../plan.ts';

/** No case is left after tier, filters and shard. */
export class EmptySelectionError extends GradproofError {
  /** `matching` cases were left before the shard. */
  constructor({ filters, shard: { index, count } }: RunOptions, matching: number) {
    const empty = `shard ${index}/${count} is empty: only ${counted(matching, 'case matches', 'cases match')}, so n may be ${matching} at most`;
    const none = `no case matches ${filters.map((glob) => `"${glob}"`).join(', ') || 'the tier'}: see --list for the ids`;
    super('no-such-case', matching > 0 ? empty : none);
  }
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
  throw new EmptySelectionError(options, within({ shard: { index: 1, count: 1 } }).length);
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
