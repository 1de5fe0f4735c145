import type { CaseResult } from './schema.ts';

const PREFIX = 'unjudged.';

/** Whether a metric counts elements that no verdict is about. */
export const isUnjudged = (metric: string): boolean => metric.startsWith(PREFIX);

/** Of how many elements of a recording, and of ours beside it, a replay says nothing. */
export function unjudgedOf({ metrics = {} }: Pick<CaseResult, 'metrics'>) {
  const count = (party: 'ours' | 'recorded'): number => metrics[PREFIX + party] ?? 0;
  return { ours: count('ours'), recorded: count('recorded') };
}
