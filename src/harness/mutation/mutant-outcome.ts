import { counted } from '../../report/counted.ts';
import type { CaseResult } from '../../report/schema.ts';
import { verdictOf } from '../../report/verdict.ts';
import type { CaseOutcome } from '../worker/messages.ts';
import { applyMutant, type Mutant, mutantId } from './mutants.ts';

/** What the cases told of a mutant that they ran with. */
export type TestedOutcome =
  /** A case turned red: `by` is its id, `how` the code of its error. */
  | { readonly kind: 'killed'; readonly by: string; readonly how: string; readonly cases: number }
  | { readonly kind: 'survived'; readonly cases: number }
  /** It is no program: `detail` is what parser or compiler say. */
  | { readonly kind: 'invalid'; readonly detail: string }
  /** Cases broke, with the change and without it, or what ran them was ended from outside. */
  | { readonly kind: 'undecided'; readonly detail: string };

/**
 * The outcome of a mutant; `unreachable`: every kernel with the change needs a feature that the
 * adapter lacks.
 */
export type MutantOutcome =
  | TestedOutcome
  | { readonly kind: 'unreachable'; readonly feature: string };

/**
 * A case that ended in another way than by an assertion: the change may have caused that, or the
 * machine.
 */
export interface CaseError {
  readonly kind: 'error';
  readonly by: string;
  readonly how: string;
  readonly cases: number;
}

/**
 * Dawn names the call that refused the code; a binding that is not used any more is refused later,
 * of a program that did compile.
 */
const DOES_NOT_COMPILE = /\.Create(ShaderModule|ComputePipeline)\b/;

/**
 * The outcome of cases that ran up to the first red one. A kernel that no pipeline can be made of
 * is no mutant.
 */
export function outcomeOf(outcomes: readonly CaseOutcome[]): TestedOutcome | CaseError {
  const cases = outcomes.length;
  const red = outcomes.find((outcome) => verdictOf(outcome) === 'wrong');
  if (!red) return { kind: 'survived', cases };
  const how = red.error?.code ?? red.status;
  const detail = red.error?.message ?? '';
  if (red.status === 'fail') return { kind: 'killed', by: red.id, how, cases };
  if (how === 'gpu-validation' && DOES_NOT_COMPILE.test(detail)) return { kind: 'invalid', detail };
  return { kind: 'error', by: red.id, how, cases };
}

/**
 * What a change looks like to a reader: the lines of the source before and after it, without the
 * space around them.
 */
export function changedLines(
  source: string,
  mutant: Mutant,
): { readonly line: string; readonly becomes: string } {
  const start = source.lastIndexOf('\n', mutant.start - 1) + 1;
  const found = source.indexOf('\n', mutant.end);
  const end = found < 0 ? source.length : found;
  const line = source.slice(start, end);
  const becomes = applyMutant(line, {
    start: mutant.start - start,
    end: mutant.end - start,
    replacement: mutant.replacement,
  });
  return { line: line.trim(), becomes: becomes.trim() };
}

/** A mutant with its outcome, as the report tells it. */
export interface TestedMutant {
  readonly mutant: Mutant;
  readonly outcome: MutantOutcome;
  /** Kernels that it changes. */
  readonly kernels: readonly string[];
  /** Why no case can tell it from the original, if a reviewed argument says so. */
  readonly equivalent?: string;
  readonly durationMs: number;
}

/**
 * `pass`: killed; `fail`: survived, or killed although argued to be equivalent; `skip`: invalid,
 * equivalent, or not reachable on this adapter; `error`: undecided. `source` is the text of the
 * mutant's file.
 */
export function resultOf(tested: TestedMutant, source: string, env: number): CaseResult {
  const { mutant, outcome, kernels, durationMs } = tested;
  const assertions = 'cases' in outcome ? outcome.cases : 0;
  return {
    ...mutantBase(mutantId(mutant), env, { durationMs, assertions, kernels: [...kernels] }),
    ...statusOf(tested, source),
  };
}

/** What the results of all mutants have alike. */
export function mutantBase(
  id: string,
  env: number,
  own: Pick<CaseResult, 'durationMs' | 'assertions' | 'kernels'>,
): Omit<CaseResult, 'status'> {
  const suite = id.slice(0, id.indexOf(':'));
  return { id, suite, backend: 'webgpu', env, covers: [], tier: 'slow', attempts: 1, ...own };
}

function statusOf(
  { mutant, outcome, equivalent }: TestedMutant,
  source: string,
): Pick<CaseResult, 'status' | 'skip' | 'error' | 'finding'> {
  const { line, becomes } = changedLines(source, mutant);
  const change = `"${line}" became "${becomes}"`;
  if (outcome.kind === 'invalid')
    return { status: 'skip', skip: { code: 'invalid', detail: `${change}: ${outcome.detail}` } };
  if (outcome.kind === 'unreachable') {
    const detail = `${change}: every kernel with it needs ${outcome.feature}, which this adapter lacks`;
    return { status: 'skip', skip: { code: 'missing-feature', detail } };
  }
  if (outcome.kind === 'undecided')
    return {
      status: 'error',
      error: { code: 'undecided', message: `${change}: ${outcome.detail}` },
    };
  if (outcome.kind === 'killed') {
    const killer = `${change}: ${outcome.by} turned red (${outcome.how})`;
    if (equivalent === undefined)
      return { status: 'pass', finding: { code: 'killed', message: killer } };
    return {
      status: 'fail',
      error: {
        code: 'not-equivalent',
        message: `${killer}, although equivalent.ts says: ${equivalent}`,
      },
    };
  }
  if (equivalent !== undefined)
    return { status: 'skip', skip: { code: 'equivalent', detail: `${change}: ${equivalent}` } };
  return {
    status: 'fail',
    error: {
      code: 'survived',
      message: `${change}: none of ${counted(outcome.cases, 'case')} turned red`,
    },
  };
}
