import { buildReport, type RunIdentity } from '../../report/build.ts';
import { planHash, planText } from '../../report/plan.ts';
import type { CaseResult, Environment, Report } from '../../report/schema.ts';
import type { OutputFile } from '../../train/adapter-files.ts';
import type { RunnerHost } from '../runner/host.ts';
import type { CaseOutcome, StartMessage } from '../worker/messages.ts';
import { type TrainingControls, TrainingConversation } from './conversation.ts';
import type { AnyProgress, TrainingKind } from './kind.ts';

/**
 * What a training emits; page and command line show it live. `environment` comes first: where it
 * computes. `end` is missing when it was cancelled before it had a device.
 */
export type TrainingEventOf<P> =
  | { readonly type: 'environment'; readonly environment: Environment }
  | P
  | { readonly type: 'end'; readonly result: CaseResult };

/** A finished run: its report of kind `train`, and the files to save. */
export interface TrainingOutcome {
  readonly report: Report;
  readonly files: readonly OutputFile[];
}

/** What a report needs of a host: all cases of its plan. */
export type PlanHost = Pick<RunnerHost, 'cases'>;

/** Holds a training in a worker of its own, and makes its report. Throws UnusableError. */
export async function heldTraining<P extends AnyProgress>(
  host: Pick<RunnerHost, 'cases' | 'startWorker'>,
  kind: TrainingKind,
  listen: (event: TrainingEventOf<P>) => void,
  signal: AbortSignal | undefined,
  controls: TrainingControls & { readonly tuned?: StartMessage['tuned'] | undefined },
): Promise<TrainingOutcome> {
  const identity = await identityOf(host, kind);
  const conversation = new TrainingConversation(
    host.startWorker(),
    kind,
    // A worker tells the progress of the kind of job that it was given.
    (event) => listen(event as TrainingEventOf<P>),
    controls,
  );
  const { environment, outcome, files, complete } = await conversation.hold(signal);
  if (!environment || !outcome) return { report: buildReport(identity, [], [], complete), files };
  return { report: reportOf(identity, environment, outcome, listen, complete), files };
}

/** The report of a training that has a result, which is told. */
export function reportOf(
  identity: RunIdentity,
  environment: Environment,
  outcome: CaseOutcome,
  listen: (event: { readonly type: 'end'; readonly result: CaseResult }) => void,
  complete: boolean,
): Report {
  const result = { ...outcome, env: 0, attempts: 1 };
  listen({ type: 'end', result });
  return buildReport(identity, [environment], [result], complete);
}

/** What the report of a training says of the run as a whole. */
export async function identityOf(
  { cases }: PlanHost,
  { seed }: Pick<TrainingKind, 'seed'>,
): Promise<RunIdentity> {
  const options = { tier: 'full', filters: [], shard: { index: 1, count: 1 }, seed } as const;
  return {
    kind: 'train',
    startedAt: new Date(),
    options,
    planHash: await planHash(planText(cases.values())),
  };
}
