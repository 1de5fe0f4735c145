import { keyOf } from './case-key.ts';
import type { RunOptions } from './run-options.ts';
import type { CaseResult, Environment, Report, Status, Summary } from './schema.ts';
import { compareTexts } from './text-order.ts';
import { thisTool } from './tool.ts';

/** What is fixed of a run before its first case. */
export interface RunIdentity {
  readonly kind: Report['kind'];
  readonly startedAt: Date;
  readonly options: Pick<RunOptions, 'tier' | 'filters' | 'shard' | 'seed' | 'timeoutMs'>;
  readonly planHash: string;
  /** How a bench times, where that is not its usual way, as the command line spells it. */
  readonly benchOptions?: readonly string[];
}

const SUMMARY_KEYS: Readonly<Record<Status, Exclude<keyof Summary, 'total'>>> = {
  pass: 'passed',
  fail: 'failed',
  skip: 'skipped',
  error: 'errored',
  timeout: 'timedOut',
  lost: 'lost',
};

/** Counts the statuses. */
export function summarize(results: readonly Pick<CaseResult, 'status'>[]): Summary {
  const summary: Summary = {
    total: results.length,
    passed: 0,
    failed: 0,
    skipped: 0,
    errored: 0,
    timedOut: 0,
    lost: 0,
  };
  for (const { status } of results) summary[SUMMARY_KEYS[status]]++;
  return summary;
}

/** Assembles the one report; results are sorted by {@link sortResults}. */
export function buildReport(
  identity: RunIdentity,
  environments: Environment[],
  results: readonly CaseResult[],
  complete: boolean,
): Report {
  const { kind, startedAt, options, planHash, benchOptions = [] } = identity;
  const stamp = startedAt.toISOString();
  return {
    schema: 'gradproof-report/1',
    kind,
    tool: thisTool(),
    run: {
      id: runId(startedAt),
      startedAt: stamp,
      // The wall clock may be set back during a run.
      durationMs: Math.max(0, Date.now() - startedAt.getTime()),
      tier: options.tier,
      filters: [...options.filters],
      shard: `${options.shard.index}/${options.shard.count}`,
      seed: options.seed,
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
      ...(benchOptions.length === 0 ? {} : { options: [...benchOptions] }),
      complete,
      planHash,
    },
    environments,
    summary: summarize(results),
    results: sortResults(results),
  };
}

/**
 * What tells environments apart: everything but the times that the probe measured, which differ
 * from one time to the next.
 */
export function identityOf(environment: Environment): string {
  return JSON.stringify({
    ...environment,
    probe: { ...environment.probe, tookMs: undefined, timestampQuantumNs: undefined },
  });
}

/** A name for a run that sorts by time: `2026-11-20T09-00-00Z-5f1c`. */
export function runId(startedAt: Date): string {
  return `${startedAt.toISOString().slice(0, 19).replaceAll(':', '-')}Z-${crypto.randomUUID().slice(0, 4)}`;
}

/** The results by id, backend and environment, in the order of a plan. */
export function sortResults(results: readonly CaseResult[]): CaseResult[] {
  return [...results].sort((a, b) => compareTexts(keyOf(a), keyOf(b)) || a.env - b.env);
}
