import type { CaseResult } from '../report/schema.ts';

const SUFFIX = ', by its documented loop';

/** The name of a setting whose time is that of the loop which the library's documentation shows. */
export function byDocumentedLoop(setting: string): string {
  return `${setting}${SUFFIX}`;
}

/** The samples that a result's time is the median of; undefined where there are none. */
export function timedSamples({
  timing,
  series,
  setting,
}: CaseResult): readonly number[] | undefined {
  const name = setting?.endsWith(SUFFIX) ? 'documentedMs' : 'ms';
  const samples = series?.[name]?.filter((ms) => ms !== null);
  return timing && samples && samples.length > 0 ? samples : undefined;
}
