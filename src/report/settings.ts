import { counted } from './counted.ts';
import { DEFAULT_RUN_OPTIONS } from './run-options.ts';
import type { Report } from './schema.ts';
import { FINDINGS } from './verdict.ts';

/** Most filters that a link lists; it counts the others, since its cases tell what ran. */
export const LINKED_FILTERS = 64;
/** More items of a list are no help in a sentence. */
export const MOST_TOLD = 8;

/** How a run was set up, as far as that can change a verdict. */
export interface Settings {
  readonly tier: Report['run']['tier'];
  readonly filters: readonly string[];
  readonly shard: string;
  readonly seed: number;
  /** Time limit of every case, undefined if each had its own. */
  readonly timeoutMs: number | undefined;
  /** How a bench timed, where that was not its usual way: options of its command. */
  readonly options: readonly string[];
  readonly complete: boolean;
  /** Cases that needed more than one attempt. */
  readonly retried: number;
  /** Cases that ran while the tab was hidden, so that their times mean nothing. */
  readonly hidden: number;
}

/** The settings of a report. */
export function settingsOf({ run, results }: Report): Settings {
  const { tier, filters, shard, seed, timeoutMs, options = [], complete } = run;
  const retried = results.filter(({ attempts }) => attempts > 1).length;
  const hidden = results.filter(({ finding }) => finding?.code === FINDINGS.hidden).length;
  return { tier, filters, shard, seed, timeoutMs, options, complete, retried, hidden };
}

/**
 * The first of a list and how many more there are: filters may be thousands of ids, where a query
 * chose them.
 */
export function shortList(
  items: readonly string[],
  most: number,
  more = (rest: number) => `… and ${rest} more`,
): readonly string[] {
  return items.length <= most
    ? items
    : [...items.slice(0, most - 1), more(items.length - most + 1)];
}

/**
 * Whether settings are the standard: an answer of others is tinted, so that it is not taken for the
 * whole.
 */
export function isStandard(settings: Settings): boolean {
  return settingsWords(settings).length === 0;
}

/** How settings differ from the standard, in plain words; nothing for the whole quick tier. */
export function settingsWords({
  tier,
  filters,
  shard,
  seed,
  timeoutMs,
  options,
  complete,
  retried,
  hidden,
}: Settings): string[] {
  return [
    ...(complete ? [] : ['the run was not finished']),
    ...(tier === DEFAULT_RUN_OPTIONS.tier
      ? []
      : [`tier ${tier} instead of ${DEFAULT_RUN_OPTIONS.tier}`]),
    ...(filters.length === 0 ? [] : [`only the cases ${shortList(filters, MOST_TOLD).join(' ')}`]),
    ...(shard === '1/1' ? [] : [`only part ${shard} of the cases`]),
    ...(seed === DEFAULT_RUN_OPTIONS.seed
      ? []
      : [`seed ${seed} instead of ${DEFAULT_RUN_OPTIONS.seed}`]),
    ...(timeoutMs === undefined
      ? []
      : [`${timeoutMs} ms for each case instead of its own time limit`]),
    ...(options.length === 0 ? [] : [`timed with ${shortList(options, MOST_TOLD).join(' ')}`]),
    ...(retried === 0 ? [] : [`${counted(retried, 'case')} needed more than one attempt`]),
    ...(hidden === 0
      ? []
      : [`${counted(hidden, 'case')} ran in a hidden tab, which browsers slow down`]),
  ];
}
