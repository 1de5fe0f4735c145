import type { CaseResult } from '../../report/schema.ts';
import { FINDINGS } from '../../report/verdict.ts';
import type { Case } from '../../testing/suite.ts';
import { withCause } from '../cause.ts';
import type { CaseOutcome } from '../worker/messages.ts';
import { RUN_DEADLINE } from './deadline.ts';
import type { Reply } from './pool-worker.ts';

/** A reply that says something about its case. */
export type SettledReply = Exclude<Reply, { type: 'aborted' }>;

/** What a reply says of a case: its own result, or why there is none and what to do about it. */
export function outcomeOf(declared: Case, reply: SettledReply, limitMs: number): CaseOutcome {
  switch (reply.type) {
    case 'done':
      return reply.outcome;
    case 'timeout': {
      const message = `no result within ${limitMs} ms: run it alone; where it is only slow, give it more time with --timeout`;
      return { ...missingOutcome(declared, 'timeout', 'timeout', message), durationMs: limitMs };
    }
    case 'dead':
      return missingOutcome(
        declared,
        'lost',
        reply.code,
        `${reply.reason}: run it alone to see whether the case itself does that`,
      );
    case 'refused':
      return missingOutcome(declared, 'error', reply.code, reply.message);
  }
}

/** What an outcome tells of its case. */
type Subject = Pick<Case, 'id' | 'suite' | 'backend' | 'covers' | 'tier'> & {
  readonly control: Pick<Case['control'], 'name'>;
};

/** The outcome of a case that has none of its own, and whose fault that is. */
export function missingOutcome(
  declared: Subject,
  status: 'lost' | 'timeout' | 'error',
  code: string,
  message: string,
): CaseOutcome {
  const { id, suite, backend, covers, tier, control } = declared;
  return withCause({
    id,
    suite,
    backend,
    covers: [...covers],
    tier,
    status,
    durationMs: 0,
    assertions: 0,
    kernels: [],
    control: { fault: control.name, status: 'not-run' },
    error: { code, message },
  });
}

/**
 * With what the case's control gave. Red is a failed assertion; a compile error, an exception or a
 * time-out shows nothing and is green.
 */
export function withControl(outcome: CaseOutcome, fault: string, reply: SettledReply): CaseOutcome {
  if (reply.type === 'done' && reply.outcome.status === 'fail')
    return { ...outcome, control: { fault, status: 'red' } };
  const instead =
    reply.type !== 'done'
      ? reply.type
      : (reply.outcome.error?.message ?? `status ${reply.outcome.status}`);
  const message = `must fail when ${fault}, and did not: ${instead}`;
  return withFinding(
    { ...outcome, control: { fault, status: 'green' } },
    FINDINGS.greenControl,
    message,
  );
}

/** With a finding of the runner, unless the case has found something itself. */
export function withFinding(outcome: CaseOutcome, code: string, message: string): CaseOutcome {
  return outcome.finding ? outcome : { ...outcome, finding: { code, message } };
}

/**
 * What an attempt found, as long as it is not known whether another passes. Its files are not kept.
 */
export function failureOf({ artifacts: _, ...failure }: CaseResult): CaseResult {
  return failure;
}

/**
 * The last attempt's result; one that was cut off takes nothing back of what an earlier one found
 * wrong.
 */
export function decisiveResult(last: CaseResult, failures: readonly CaseResult[]): CaseResult {
  if (!isCutOff(last)) return last;
  const failure = failures.findLast((one) => !isCutOff(one));
  return failure ? { ...failure, attempts: last.attempts } : last;
}

function isCutOff({ status, error }: CaseResult): boolean {
  return status === 'lost' || error?.code === RUN_DEADLINE;
}

/** A pass after failures of the case's own is flaky; the last of them stands with it. */
export function withFlakiness(outcome: CaseOutcome, failures: readonly CaseOutcome[]): CaseOutcome {
  const last = failures.at(-1);
  if (outcome.status !== 'pass' || !last) return outcome;
  const before = last.error ? `${last.error.code}: ${last.error.message}` : last.status;
  return withFinding(
    outcome,
    FINDINGS.flaky,
    `passed after it had failed ${failures.length === 1 ? 'once' : `${failures.length} times`}; ${before}`,
  );
}
