import type { CaseResult } from '../report/schema.ts';
import { EAGER } from './ours/engine-work.ts';

/** Begins the name of a setting in which a variant runs that is not the chosen one. */
export const VARIANT = 'variant ';

/** The metric of ours that tells what its choice takes beside the fastest other variant. */
export const OF_FASTEST_VARIANT = 'ofFastestVariant';

/** So many times the fastest other variant's time a choice may take before it is called a bad one. */
const BAD_CHOICE = 1.1;

/** How the variant that ours chose does beside those that it did not. */
export interface VariantRow {
  readonly id: string;
  /** Milliseconds of the chosen one, and by name of the others: all recorded anew each time. */
  readonly chosenMs: number;
  readonly othersMs: Readonly<Record<string, number>>;
  /** The time of the chosen one by that of the fastest other: above 1 it loses. */
  readonly ofFastest: number;
}

/** The results of ours in which variants were timed beside the chosen one. */
export function variantRows(results: readonly CaseResult[]): readonly VariantRow[] {
  return results.flatMap(({ id, metrics = {}, tried = {} }) => {
    const ofFastest = metrics[OF_FASTEST_VARIANT];
    const chosenMs = tried[EAGER];
    if (!ofFastest || chosenMs === undefined) return [];
    const others = Object.entries(tried).filter(([setting]) => setting.startsWith(VARIANT));
    const named = others.map(([setting, ms]) => [setting.slice(VARIANT.length), ms] as const);
    return [{ id, chosenMs, othersMs: Object.fromEntries(named), ofFastest }];
  });
}

/** Those in which the chosen variant takes over 10 % longer than another. */
export const badChoices = (rows: readonly VariantRow[]): readonly VariantRow[] =>
  rows.filter(({ ofFastest }) => ofFastest > BAD_CHOICE);

/** "tiled 3.21, register 0.98" in milliseconds, in the words of `number`. */
export const othersWords = (
  { othersMs }: VariantRow,
  number: (ms: number) => string = (ms) => ms.toPrecision(3),
): string =>
  Object.entries(othersMs)
    .map(([name, ms]) => `${name} ${number(ms)}`)
    .join(', ');
