import type { CaseOutcome } from '../../../harness/worker/messages.ts';
import { verdictOf } from '../../../report/verdict.ts';

/**
 * How a test or a case that ends well without a mutant ended with it: by an assertion or a stated
 * refusal, by another exception, or by its time limit.
 */
export type How = 'assertion' | 'exception' | 'timeout';

/** What turned red with a mutant. */
export interface Red {
  readonly how: How;
  /** The test or case. */
  readonly by: string;
  readonly detail: string;
  /** A module could not be loaded, so that no test of it ran. */
  readonly atLoad?: true;
}

/** What a unit test threw, as the runner of the tests hands it on. */
export interface ThrownInTest {
  readonly name?: string | undefined;
  readonly message: string;
  readonly code?: unknown;
  readonly cause?: unknown;
}

/** What the runner hands on; what was thrown need not be an error, and has no message then. */
export function thrownInTest(given: Partial<ThrownInTest>): ThrownInTest {
  return { ...given, message: given.message ?? 'what was thrown has no message' };
}

/** Codes of cases that no check of ours gave. */
const NOT_STATED = new Set(['exception', 'gpu-validation', 'gpu-internal', 'out-of-memory']);
/** A stated refusal names itself like this; errors of Node have codes in capitals. */
const STATED_CODE = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const TIMED_OUT = /^(Test|Hook) timed out in /;
/** What fast-check says of a property that does not hold; its cause is what was thrown in it. */
const PROPERTY_FAILED = /^Property failed /;

/** What vitest says of a value that is not the one that was kept; it is no AssertionError. */
const NOT_AS_KEPT = /^Snapshot `.*` mismatched$/;

/** How a unit test ended that threw this. */
export function howOfThrown({ name, message, code, cause }: ThrownInTest): How {
  if (PROPERTY_FAILED.test(message))
    return cause ? howOfThrown(cause as ThrownInTest) : 'assertion';
  if (TIMED_OUT.test(message)) return 'timeout';
  if (name === 'AssertionError' || NOT_AS_KEPT.test(message)) return 'assertion';
  return typeof code === 'string' && STATED_CODE.test(code) ? 'assertion' : 'exception';
}

/** What a case says against a mutant; nothing if it ended well. */
export function redOfCase(outcome: CaseOutcome): Red | undefined {
  if (verdictOf(outcome) !== 'wrong') return undefined;
  const { id, status, error, control } = outcome;
  const by = `case ${id}`;
  if (status === 'pass')
    return {
      how: 'assertion',
      by,
      detail: `its control stayed green: ${control?.fault ?? 'its fault'}`,
    };
  const detail = `${error?.code ?? status}: ${error?.message ?? ''}`;
  if (status === 'timeout') return { how: 'timeout', by, detail };
  const stated = status === 'fail' || (status === 'error' && !NOT_STATED.has(error?.code ?? ''));
  return { how: stated ? 'assertion' : 'exception', by, detail };
}
