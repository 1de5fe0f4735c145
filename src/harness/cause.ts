import { causeOf, type Reruns } from '../testing/cause.ts';
import type { CaseOutcome } from './worker/messages.ts';

/**
 * The outcome with whose fault it is, where the rules say. `reruns` is what running the failed op
 * again has shown.
 */
export function withCause(outcome: CaseOutcome, reruns?: Reruns): CaseOutcome {
  const code = (outcome.skip ?? outcome.error ?? outcome.finding)?.code;
  const cause = code && causeOf({ code, ...(reruns ? { reruns } : {}) });
  return cause ? { ...outcome, fault: cause } : outcome;
}
