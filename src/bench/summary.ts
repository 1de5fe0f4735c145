import { groupBy } from '../report/group.ts';
import type { CaseResult, Report } from '../report/schema.ts';
import type { WorkGroup } from './work.ts';
import { works } from './works.ts';

/** All that contenders took for one work. */
export interface BenchRow {
  readonly id: string;
  readonly group: WorkGroup | 'other';
  /** By contender. */
  readonly results: ReadonlyMap<string, CaseResult>;
  /** The fastest peer's time by ours: above 1 ours is faster. */
  readonly ratio: number | undefined;
  /** Of what a kernel reaches that does nothing else. */
  readonly shareOfCeiling: number | undefined;
}

/** The ratios of a group together. */
export interface GroupMean {
  readonly group: string;
  readonly count: number;
  readonly geometricMean: number;
  readonly worst: { readonly id: string; readonly ratio: number };
  /** How often a peer is faster. */
  readonly below: number;
}

/** The rows of a report, in the order in which works are declared; others come last. */
export function benchRows({ results }: Pick<Report, 'results'>): readonly BenchRow[] {
  const ids = [...works.keys()];
  const placeOf = (id: string) => {
    const place = ids.indexOf(id);
    return place < 0 ? ids.length : place;
  };
  const rows = [...groupBy(results, ({ id }) => id)].map(([id, all]): BenchRow => {
    const byBackend = new Map(all.map((result) => [result.backend, result]));
    const ours = byBackend.get('webgpu');
    return {
      id,
      group: works.get(id)?.group ?? 'other',
      results: byBackend,
      ratio: ours?.metrics?.['ratio'] ?? undefined,
      shareOfCeiling: ours?.metrics?.['fractionOfCeiling'] ?? undefined,
    };
  });
  return rows.sort((a, b) => placeOf(a.id) - placeOf(b.id));
}

/** The geometric mean of the ratios of each group that has any. */
export function groupMeans(rows: readonly BenchRow[]): readonly GroupMean[] {
  const rated = rows.flatMap(({ id, group, ratio }) =>
    ratio === undefined ? [] : [{ id, group, ratio }],
  );
  return [...groupBy(rated, ({ group }) => group)].map(([group, all]) => ({
    group,
    count: all.length,
    geometricMean: Math.exp(all.reduce((sum, { ratio }) => sum + Math.log(ratio), 0) / all.length),
    worst: all.reduce((worst, one) => (one.ratio < worst.ratio ? one : worst)),
    below: all.filter(({ ratio }) => ratio < 1).length,
  }));
}
