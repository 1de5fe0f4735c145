import { changedLines, mutantBase } from '../../../harness/mutation/mutant-outcome.ts';
import { RUN_DEADLINE } from '../../../harness/runner/deadline.ts';
import { counted } from '../../../report/counted.ts';
import type { CaseResult } from '../../../report/schema.ts';
import { type HostMutant, hostMutantId } from '../host-mutant.ts';
import type { EquivalentMutant } from './equivalent.ts';
import type { How } from './how.ts';

/** What tests and cases told of a mutant. */
export type HostOutcome =
  /** `by` is the test or case that turned red, `detail` what it said. */
  | {
      readonly kind: 'killed';
      readonly how: How;
      readonly by: string;
      readonly detail: string;
    }
  | { readonly kind: 'survived' }
  /** No test and no case evaluates the place. */
  | { readonly kind: 'not-reached' }
  /** The run's deadline came before all that evaluates it had run. */
  | { readonly kind: 'undecided' }
  /** A module of the program cannot be loaded with it. */
  | { readonly kind: 'invalid'; readonly detail: string };

/** A mutant with its outcome. */
export interface TriedMutant {
  readonly mutant: HostMutant;
  readonly outcome: HostOutcome;
  /** Files of unit tests, and cases, that ran with it. */
  readonly testFiles: readonly string[];
  readonly cases: number;
  readonly durationMs: number;
  readonly argued: EquivalentMutant | undefined;
}

/** The codes of killed mutants in a report, by how they were. */
export const KILLED: Readonly<Record<How, string>> = {
  assertion: 'killed',
  exception: 'killed-by-exception',
  timeout: 'killed-by-timeout',
};
/** So many files of tests are named. */
const MOST_NAMED = 4;
/** So much of a change is shown, since a whole statement may be one. */
const MOST_SHOWN = 240;

/**
 * `pass`: killed; `fail`: survived, not reached, or killed although argued; `skip`: invalid, or
 * argued; `lost`: undecided. `source` is the text of the mutant's file.
 */
export function hostResultOf(tried: TriedMutant, source: string, env: number): CaseResult {
  const { mutant, testFiles, cases, durationMs } = tried;
  const assertions = testFiles.length + cases;
  return {
    ...mutantBase(hostMutantId(mutant), env, { durationMs, assertions, kernels: [] }),
    ...statusOf(tried, source),
  };
}

function statusOf(
  tried: TriedMutant,
  source: string,
): Pick<CaseResult, 'status' | 'skip' | 'error' | 'finding'> {
  const { mutant, outcome, argued } = tried;
  const { line, becomes } = changedLines(source, mutant);
  const change = `${mutant.file}:${mutant.line} "${short(line)}" became "${short(becomes)}"`;
  if (outcome.kind === 'invalid')
    return { status: 'skip', skip: { code: 'invalid', detail: `${change}: ${outcome.detail}` } };
  if (outcome.kind === 'killed') {
    const killer = `${change}: ${outcome.by} turned red: ${short(outcome.detail)}`;
    if (!argued) return { status: 'pass', finding: { code: KILLED[outcome.how], message: killer } };
    return {
      status: 'fail',
      error: { code: 'not-equivalent', message: `${killer}, although argued: ${argued.why}` },
    };
  }
  if (argued)
    return {
      status: 'skip',
      skip: { code: 'equivalent', detail: `${change}: ${argued.class}: ${argued.why}` },
    };
  if (outcome.kind === 'undecided') {
    const met = ranWith(tried);
    const message = `${change}: alive at the run's deadline${met ? `, after ${met}` : ''}`;
    return { status: 'lost', error: { code: RUN_DEADLINE, message } };
  }
  if (outcome.kind === 'not-reached')
    return {
      status: 'fail',
      error: { code: 'not-reached', message: `${change}: no test and no case gets there` },
    };
  return {
    status: 'fail',
    error: { code: 'survived', message: `${change}: none turned red of ${ranWith(tried)}` },
  };
}

function ranWith({ testFiles, cases }: TriedMutant): string {
  const named = testFiles.slice(0, MOST_NAMED).join(', ');
  const more = testFiles.length - MOST_NAMED;
  return [
    ...(testFiles.length > 0 ? [`${named}${more > 0 ? ` and ${more} more` : ''}`] : []),
    ...(cases > 0 ? [counted(cases, 'case')] : []),
  ].join(' and ');
}

function short(text: string): string {
  const flat = text.replaceAll(/\s+/g, ' ').trim();
  return flat.length > MOST_SHOWN ? `${flat.slice(0, MOST_SHOWN)}...` : flat;
}
