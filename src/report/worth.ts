import type { CaseResult } from './schema.ts';

/** What the judge noticed of errors that were planted in recorded values of one format. */
export interface FormatWorth {
  /** Element type as a bundle names it. */
  readonly format: string;
  readonly planted: number;
  readonly noticed: number;
}

const PLANTED = 'planted.';

/** By format, in alphabetical order; none where nothing was recorded. */
export function worthOfRecordings(
  results: readonly Pick<CaseResult, 'metrics'>[],
): readonly FormatWorth[] {
  const metrics = results.flatMap(({ metrics = {} }) => Object.entries(metrics));
  const sumOf = (name: string) =>
    metrics.reduce((sum, [key, value]) => sum + (key === name ? (value ?? 0) : 0), 0);
  const planted = [...new Set(metrics.map(([key]) => key))].filter((key) =>
    key.startsWith(PLANTED),
  );
  return planted.sort().map((key) => {
    const format = key.slice(PLANTED.length);
    return { format, planted: sumOf(key), noticed: sumOf(`noticed.${format}`) };
  });
}

/** "Of one changed element in each recording the judge noticed: F32 679 of 694, I8 8 of 8." */
export function worthWords(worth: readonly FormatWorth[]): string {
  const each = worth.map(({ format, planted, noticed }) => `${format} ${noticed} of ${planted}`);
  return `Of one changed element in each recording the judge noticed: ${each.join(', ')}.`;
}
