import type { CaseResult } from './schema.ts';

/** Series of times: of the setting that is told, of its documented loop, and of other settings. */
const TIMES = /^(ms|documentedMs|ms of .*)$/;

/** Where a bench's result has a sample that is no time; undefined where none is. */
export function timesContradiction({
  id,
  series = {},
}: Pick<CaseResult, 'id' | 'series'>): string | undefined {
  for (const [name, samples] of Object.entries(series)) {
    const place = TIMES.test(name) ? samples.findIndex((ms) => !((ms ?? -1) >= 0)) : -1;
    if (place >= 0)
      return `series.${name}[${place}]: ${id} took ${samples[place]} ms, which is no time`;
  }
  return undefined;
}
