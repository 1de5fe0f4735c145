import { GradproofError } from '../errors.ts';
import { identityOf, runId, sortResults, summarize } from './build.ts';
import { keyOf } from './case-key.ts';
import { groupBy } from './group.ts';
import type { CaseResult, Environment, Report } from './schema.ts';
import { validateReport } from './validate.ts';

/** Why reports cannot be joined. */
export type MergeErrorCode =
  | 'nothing-to-merge'
  | 'different-plan'
  | 'different-run'
  | 'repeated-case';

/** The reports are not parts of one run; wrong use, exit status 2. */
export class MergeError extends GradproofError {
  constructor(code: MergeErrorCode, message: string) {
    super(code, message);
  }
}

/**
 * Joins the reports of a run's shards. An environment that several ran in is there once, `env`
 * follows; `complete` is true, and the shard is `1/1`, only if every shard is there and complete. What one
 * report states once must be the same in all of them. `names` stand for them in messages, by default
 * the ids of their runs. Throws {@link MergeError} on different plans or runs and on a case that is
 * in two of them.
 */
export function mergeReports(
  reports: readonly Report[],
  names: readonly string[] = reports.map(({ run }) => run.id),
): Report {
  const [first] = reports;
  if (!first)
    throw new MergeError('nothing-to-merge', 'merge: no report is given: name at least two');
  for (const [i, other] of reports.entries()) assertSameRun([first, other], [names[0], names[i]]);
  const results = joinResults(reports, names);
  const starts = reports.map(({ run }) => Date.parse(run.startedAt));
  const startedAt = new Date(Math.min(...starts));
  const whole = isWhole(reports);
  const merged: Report = {
    ...first,
    ...joinRows(reports),
    run: {
      ...first.run,
      id: runId(startedAt),
      startedAt: startedAt.toISOString(),
      durationMs: reports.reduce((sum, { run }) => sum + run.durationMs, 0),
      filters: joinFilters(first.run.filters, reports),
      shard: whole ? '1/1' : first.run.shard,
      complete: whole,
    },
    environments: [...joinEnvironments(reports).values()],
    summary: summarize(results),
    results,
  };
  return validateReport(merged, 'the merged report');
}

/** The clauses of the rows that any of the reports covers in part; all are of one build. */
export function joinRows(reports: readonly Report[]): Pick<Report, 'rows'> {
  const rows = Object.assign({}, ...reports.map((report) => report.rows));
  return Object.keys(rows).length > 0 ? { rows } : {};
}

/** What a report says once, so that it must be true of every part. */
const COMMON = {
  kind: ({ kind }) => kind,
  tier: ({ run }) => run.tier,
  seed: ({ run }) => run.seed,
  timeoutMs: ({ run }) => run.timeoutMs ?? 'standard',
  options: ({ run }) => run.options?.join(' ') ?? 'none',
  version: ({ tool }) => tool.version,
  commit: ({ tool }) => tool.commit,
} satisfies Record<string, (report: Report) => string | number>;

type Two<T> = readonly [T, T];

function assertSameRun([a, b]: Two<Report>, [nameOfA, nameOfB]: Two<string | undefined>): void {
  if (a.run.planHash !== b.run.planHash) {
    const left = `${nameOfA} has ${a.run.planHash.slice(0, 12)}`;
    const right = `${nameOfB} has ${b.run.planHash.slice(0, 12)}`;
    throw new MergeError(
      'different-plan',
      `merge: the plans differ (${left}, ${right}): merge reports of one build`,
    );
  }
  for (const [name, of] of Object.entries(COMMON)) {
    if (of(a) === of(b)) continue;
    throw new MergeError(
      'different-run',
      `merge: ${name} differs (${nameOfA} has ${of(a)}, ${nameOfB} has ${of(b)}): merge shards of one run`,
    );
  }
}

/**
 * Filters are or-ed, so different ones join, unless one excludes: that would exclude from the
 * others too.
 */
function joinFilters(first: string[], reports: readonly Report[]): string[] {
  const lists = reports.map(({ run }) => run.filters);
  if (lists.every((filters) => filters.join('\n') === first.join('\n'))) return first;
  if (lists.some((filters) => filters.length === 0)) return [];
  if (lists.flat().some((glob) => glob.startsWith('!'))) {
    throw new MergeError(
      'different-run',
      'merge: the filters differ and one excludes cases: merge shards of one run',
    );
  }
  return [...new Set(lists.flat())];
}

/** Whether all parts of every division that occurs are there, each complete. */
function isWhole(reports: readonly Report[]): boolean {
  const present = new Set(reports.map(({ run }) => run.shard));
  const parts = groupBy([...present], (shard) => shard.replace(/^.*\//, ''));
  return (
    [...parts].every(([count, { length }]) => length === Number(count)) &&
    reports.every(({ run }) => run.complete)
  );
}

/** What any of the reports ran in, by what tells it from others, in the order of the first. */
function joinEnvironments(reports: readonly Report[]): ReadonlyMap<string, Environment> {
  const joined = new Map<string, Environment>();
  for (const environment of reports.flatMap(({ environments }) => environments)) {
    const identity = identityOf(environment);
    if (!joined.has(identity)) joined.set(identity, environment);
  }
  return joined;
}

/** All results, with `env` counted through the joined environments. */
function joinResults(reports: readonly Report[], names: readonly string[]): CaseResult[] {
  const owners = new Map<string, number>();
  const joined: CaseResult[] = [];
  const places = [...joinEnvironments(reports).keys()];
  for (const [position, { environments, results }] of reports.entries()) {
    const envs = environments.map((environment) => places.indexOf(identityOf(environment)));
    for (const result of results) {
      const key = keyOf(result);
      const owner = owners.get(key) ?? position;
      if (owner !== position) {
        throw new MergeError(
          'repeated-case',
          `merge: ${key} is in ${names[owner]} and in ${names[position]}: name each shard once`,
        );
      }
      owners.set(key, position);
      joined.push({ ...result, env: envs[result.env] as number });
    }
  }
  return sortResults(joined);
}
