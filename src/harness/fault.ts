import { classifyFault, type Reruns } from '../testing/fault-class.ts';
import type { CaseOutcome } from './worker/messages.ts';

/** The outcome with whose fault it is, where the rules say. `reruns` is what running the failed op again has shown. */
export function withFault(outcome: CaseOutcome, reruns?: Reruns): CaseOutcome {
  const code = (outcome.skip ?? outcome.error ?? outcome.finding)?.code;
  const fault = code && classifyFault({ code, ...(reruns ? { reruns } : {}) });
  return fault ? { ...outcome, fault } : outcome;
}
