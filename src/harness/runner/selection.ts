import { GradproofError } from '../../errors.ts';
import { FormatError } from '../../formats/format-error.ts';
import { Random } from '../../tensor/random.ts';
import type { Case } from '../../testing/suite.ts';
import type { RunOptions } from '../events.ts';
import { type BundleFile, replayCases, type WorkerBundle } from '../parity.ts';
import { select } from '../plan.ts';

/** No case is left after tier, filters and shard. */
export class EmptySelectionError extends GradproofError {
  constructor(filters: readonly string[]) {
    super('no-such-case', `no case matches ${filters.map((glob) => `"${glob}"`).join(', ') || 'the tier'}: see --list for the ids`);
  }
}

/** Parity bundles to replay. */
export interface Replay {
  readonly bundles: readonly BundleFile[];
  /** Replay the bundles and nothing of the plan: what is wanted unless a tier was asked for too. */
  readonly alone: boolean;
}

/** A case to run, with the bundle that it replays if it is in no registry. */
export interface Selected {
  readonly declared: Case;
  readonly bundle?: WorkerBundle;
}

/**
 * What a run runs, in order: cases of the plan, then bundles; filters and shard select among both, each by its own positions. Throws
 * {@link EmptySelectionError}, and FormatError about a bad bundle that was named directly or when there is none.
 */
export function selectAll(cases: Iterable<Case>, replay: Replay | undefined, options: RunOptions): readonly Selected[] {
  const planned = replay?.alone ? [] : select(cases, options);
  const replays = new Map(replayCases(replay?.bundles ?? []).map(({ declared, bundle }) => [declared, bundle]));
  const selected = [
    ...planned.map((declared) => ({ declared })),
    ...select(replays.keys(), options).map((declared) => ({ declared, bundle: replays.get(declared) as WorkerBundle })),
  ];
  if (selected.length > 0) return options.shuffle ? shuffled(selected, options.seed) : selected;
  if (replay?.alone && replay.bundles.length === 0) throw new FormatError('there is no parity bundle (*.safetensors) to replay');
  throw new EmptySelectionError(options.filters);
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
