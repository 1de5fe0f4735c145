import type { Case } from '../../testing/suite.ts';
import type { CaseOutcome } from '../worker/messages.ts';
import type { Reply } from './pool-worker.ts';

/** What a reply says of a case: its own result, or why there is none. */
export function outcomeOf(declared: Case, reply: Exclude<Reply, { type: 'aborted' }>, limitMs: number): CaseOutcome {
  switch (reply.type) {
    case 'done':
      return reply.outcome;
    case 'timeout':
      return {
        ...bare(declared),
        status: 'timeout',
        durationMs: limitMs,
        error: { code: 'timeout', message: `no result within ${limitMs} ms` },
      };
    case 'dead':
      return { ...bare(declared), status: 'lost', error: { code: 'worker-died', message: reply.reason } };
    case 'refused':
      return { ...bare(declared), status: 'error', error: { code: reply.code, message: reply.message } };
  }
}

function bare({ id, suite, backend, covers, tier, control }: Case): Omit<CaseOutcome, 'status'> {
  const nothing = { durationMs: 0, assertions: 0, kernels: [], control: { fault: control.name, status: 'not-run' } } as const;
  return { id, suite, backend, covers: [...covers], tier, ...nothing, kernels: [] };
}
