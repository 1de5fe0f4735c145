import { median } from './median.ts';
import type { CaseResult } from './schema.ts';

/** Series of times: of the setting that is told, of its documented loop, and of other settings. */
const TIMES = /^(ms|documentedMs|ms of .*)$/;

/** By which a median may be off that was rounded to three digits. */
const ROUNDED = 0.005;

/**
 * Where a bench's result contradicts itself: a sample that is no time, or a median that is of no
 * series. Undefined where nothing does.
 */
export function timesContradiction({
  id,
  timing,
  series = {},
}: Pick<CaseResult, 'id' | 'timing' | 'series'>): string | undefined {
  for (const [name, samples] of Object.entries(series)) {
    const place = TIMES.test(name) ? samples.findIndex((ms) => !((ms ?? 0) > 0)) : -1;
    if (place >= 0)
      return `series.${name}[${place}]: ${id} took ${samples[place]} ms, which is no time`;
  }
  const { ms = [], documentedMs = [] } = series;
  if (!timing || ms.length === 0) return undefined;
  const medians = [ms, documentedMs]
    .filter((samples) => samples.length > 0)
    .map((samples) => median(samples.map(Number)));
  const isOne = medians.some((of) => Math.abs(timing.medianMs - of) <= ROUNDED * of);
  return isOne
    ? undefined
    : `timing.medianMs: ${id} has ${timing.medianMs}, and its samples ${medians.join(' or ')}`;
}
