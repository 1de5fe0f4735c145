import { keyOf } from '../../report/case-key.ts';
import type { CaseFigures } from '../../report/compare/snapshot.ts';
import { isSamePlace } from '../../report/place.ts';
import type { Environment, Status } from '../../report/schema.ts';
import type { History } from './history.ts';

/** How a case did in one of the runs that are kept. */
export interface TrendPoint {
  readonly startedAt: Date;
  /** Which Gradproof, and which browser. */
  readonly version: string;
  readonly runtimeVersion: string;
  readonly status: Status;
  /** Share of the bound; undefined where none was measured. */
  readonly boundUsed: number | undefined;
  readonly medianMs: number | undefined;
}

/**
 * What a line of points shows: times where at least two runs measured them, else shares of the
 * bound, else nothing but verdicts.
 */
export type TrendMeasure = 'medianMs' | 'boundUsed' | 'status';

/** Runs of the same place that a trend looks at. */
const MOST_RUNS = 20;

/**
 * How a case did in the latest runs on this adapter and browser, the oldest first; a run that lacks
 * it is no point.
 */
export async function trendOf(
  history: History,
  here: Environment,
  one: Pick<CaseFigures, 'id' | 'backend'>,
): Promise<readonly TrendPoint[]> {
  const runs = history.state.value.runs.filter(({ head }) =>
    head.environments.some((environment) => isSamePlace(environment, here)),
  );
  const points: TrendPoint[] = [];
  for (const { head } of runs.slice(0, MOST_RUNS).reverse()) {
    const snapshot = await history.snapshot(head.run.id).catch(() => undefined);
    const figures = snapshot?.cases.get(keyOf(one));
    if (!figures) continue;
    points.push({
      startedAt: new Date(head.run.startedAt),
      version: head.tool.version,
      runtimeVersion: head.environments[0]?.runtimeVersion ?? '',
      status: figures.status,
      boundUsed: figures.boundUsed?.high,
      medianMs: figures.time?.medianMs,
    });
  }
  return points;
}

/** What the points can show. */
export function measureOf(points: readonly TrendPoint[]): TrendMeasure {
  const measured = (name: 'medianMs' | 'boundUsed') =>
    points.filter((point) => Number.isFinite(point[name])).length > 1;
  return measured('medianMs') ? 'medianMs' : measured('boundUsed') ? 'boundUsed' : 'status';
}
