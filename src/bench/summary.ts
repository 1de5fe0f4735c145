import { groupBy } from '../report/group.ts';
import type { CaseResult, Report } from '../report/schema.ts';
import { PEERS_ON_WEBGPU } from './contender.ts';
import { timedSamples } from './documented-loop.ts';
import { fastestPeer } from './fastest-peer.ts';
import { withHeldCeilings } from './held-ceilings.ts';
import { leastRatio } from './statistics/order-statistics.ts';
import type { WorkGroup } from './work.ts';
import { works } from './works.ts';

/** All that contenders took for one work. */
export interface BenchRow {
  readonly id: string;
  readonly group: WorkGroup | 'other';
  /** Rows of the group that have a mean of their own. */
  readonly subgroup: string | undefined;
  /** By contender. */
  readonly results: ReadonlyMap<string, CaseResult>;
  /** The fastest peer's time by ours: above 1 ours is faster. */
  readonly ratio: number | undefined;
  /** The lower end of the interval of that ratio; undefined where too few samples tell of it. */
  readonly leastRatio: number | undefined;
  /** Of what a kernel reaches that does nothing else. */
  readonly shareOfCeiling: number | undefined;
  /** Id of the same work in float32, where this one has codes or halves. */
  readonly inFloats: string | undefined;
  /** Our time by that of the same work in float32, in the same report. */
  readonly ofFloats: number | undefined;
}

/** The ratios of a group together. */
export interface GroupMean {
  readonly group: string;
  /** The part of the group that it is of; undefined for all. */
  readonly subgroup: string | undefined;
  readonly count: number;
  readonly geometricMean: number;
  readonly worst: { readonly id: string; readonly ratio: number };
  /** How often a peer is faster. */
  readonly below: number;
}

/** The rows of a report, in the order in which works are declared; others come last. */
export function benchRows({ results }: Pick<Report, 'results'>): readonly BenchRow[] {
  const held = withHeldCeilings(works.values(), results);
  const oursMs = new Map(
    results.flatMap(({ id, backend, timing }) =>
      backend === 'webgpu' && timing ? [[id, timing.medianMs] as const] : [],
    ),
  );
  const rows = [...groupBy(held, ({ id }) => id)].map(([id, all]): BenchRow => {
    const byBackend = new Map(all.map((result) => [result.backend, result]));
    const ours = byBackend.get('webgpu');
    const { group = 'other', subgroup, inFloats } = works.get(id) ?? {};
    return {
      id,
      group,
      subgroup,
      inFloats,
      results: byBackend,
      ratio: ours?.metrics?.['ratio'] ?? undefined,
      leastRatio: leastRatioOf(byBackend),
      shareOfCeiling: ours?.metrics?.['fractionOfCeiling'] ?? undefined,
      ofFloats: quotient(oursMs.get(id), oursMs.get(inFloats ?? '')),
    };
  });
  return inOrder(rows);
}

const quotient = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? undefined : a / b;

/** By the samples of the fastest peer and of ours. */
function leastRatioOf(results: BenchRow['results']): number | undefined {
  const ours = results.get('webgpu');
  const fastest = fastestPeer((peer) => results.get(peer)?.timing?.medianMs);
  const theirs = fastest && results.get(fastest.peer);
  if (!ours || !theirs) return undefined;
  return leastRatio(timedSamples(theirs) ?? [], timedSamples(ours) ?? []);
}

/** As works are declared; others come last. */
function inOrder<Row extends BenchRow>(rows: readonly Row[]): readonly Row[] {
  const places = new Map([...works.keys()].map((id, place) => [id, place]));
  const placeOf = ({ id }: BenchRow) => places.get(id) ?? places.size;
  return rows.toSorted((a, b) => placeOf(a) - placeOf(b));
}

/** A row of several runs: that of one of them, and what the others found. */
export interface RowOfRuns extends BenchRow {
  /** Of the runs that it was chosen from, each one's, rising; none of works without any. */
  readonly ratios: readonly number[];
}

/**
 * The rows of runs of the same works at different times: where several timed one, that of the run
 * whose ratio is the median, the lower of two, among those that timed most libraries; of works
 * without a ratio, that whose time is, but that of the newest run which timed the same work in
 * float32 too, where there is one: beside float32 every row is as in that run.
 */
export function rowsOfRuns(
  reports: readonly Pick<Report, 'results' | 'run'>[],
): readonly RowOfRuns[] {
  const all = reports
    .toSorted((a, b) => a.run.startedAt.localeCompare(b.run.startedAt))
    .map(benchRows);
  const measure = ({ ratio, results }: BenchRow) =>
    ratio ?? [...results.values()].find(({ timing }) => timing)?.timing?.medianMs ?? 0;
  return inOrder(
    [...groupBy(all.flat(), ({ id }) => id)].map(([, rows]) => {
      const rated = rows.filter(({ ratio }) => ratio !== undefined);
      const most = Math.max(...rated.map(librariesIn));
      const fullest = rated.filter((row) => librariesIn(row) === most);
      const besideFloats = rows.findLast(({ ofFloats }) => ofFloats !== undefined);
      const alone = besideFloats ? [besideFloats] : rows;
      const sorted = (rated.length > 0 ? fullest : alone).toSorted(
        (a, b) => measure(a) - measure(b),
      );
      return {
        ...(sorted[Math.floor((sorted.length - 1) / 2)] as BenchRow),
        ofFloats: besideFloats?.ofFloats,
        ratios: sorted.flatMap(({ ratio }) => ratio ?? []),
      };
    }),
  );
}

/** How many libraries were timed that count in a ratio. */
const librariesIn = ({ results }: BenchRow) =>
  PEERS_ON_WEBGPU.filter((peer) => results.get(peer)?.timing).length;

/**
 * Milliseconds by the loop of a library's own documentation, which are told beside its figure;
 * undefined where it has none of its own.
 */
export function documentedMs(result: CaseResult | undefined): number | undefined {
  return result?.metrics?.['documentedMs'] ?? undefined;
}

/** The geometric mean of the ratios of each group that has any, and below it of its parts. */
export function groupMeans(rows: readonly BenchRow[]): readonly GroupMean[] {
  const rated = rows.flatMap(({ id, group, subgroup, ratio }) =>
    ratio === undefined ? [] : [{ id, group, subgroup, ratio }],
  );
  return [...groupBy(rated, ({ group }) => group)].flatMap(([group, all]) => {
    const inParts = all.flatMap(({ subgroup, ...one }) =>
      subgroup === undefined ? [] : { subgroup, ...one },
    );
    const parts = [...groupBy(inParts, ({ subgroup }) => subgroup)];
    return [
      { group, subgroup: undefined, ...meanOf(all) },
      ...parts.map(([subgroup, some]) => ({ group, subgroup, ...meanOf(some) })),
    ];
  });
}

function meanOf(rated: readonly GroupMean['worst'][]): Omit<GroupMean, 'group' | 'subgroup'> {
  return {
    count: rated.length,
    geometricMean: Math.exp(
      rated.reduce((sum, { ratio }) => sum + Math.log(ratio), 0) / rated.length,
    ),
    worst: rated.reduce((worst, one) => (one.ratio < worst.ratio ? one : worst)),
    below: rated.filter(({ ratio }) => ratio < 1).length,
  };
}
