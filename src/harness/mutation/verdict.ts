import type { CaseResult } from '../report/schema.ts';
import type { CaseOutcome } from '../worker/messages.ts';
import { applyMutant, type Mutant, mutantId } from './mutants.ts';

/** What the suite made of a mutant. */
export type Verdict =
  /** A case did not pass: `by` is its id, `how` the code of its error. */
  | { readonly kind: 'killed'; readonly by: string; readonly how: string; readonly cases: number }
  | { readonly kind: 'survived'; readonly cases: number }
  /** It is no program: `detail` is what parser or compiler say. */
  | { readonly kind: 'invalid'; readonly detail: string };

/** The verdict of cases that ran until the first that did not pass. A kernel that no pipeline can be made of is no mutant. */
export function verdictOf(outcomes: readonly CaseOutcome[]): Verdict {
  const red = outcomes.find(({ status }) => status !== 'pass');
  if (!red) return { kind: 'survived', cases: outcomes.length };
  const how = red.error?.code ?? red.skip?.code ?? red.status;
  if (how === 'gpu-validation') return { kind: 'invalid', detail: red.error?.message ?? how };
  return { kind: 'killed', by: red.id, how, cases: outcomes.length };
}

/** What a change looks like to a reader: the lines of the source before and after it, without the space around them. */
export function changedLines(source: string, mutant: Mutant): { readonly line: string; readonly becomes: string } {
  const start = source.lastIndexOf('\n', mutant.start - 1) + 1;
  const found = source.indexOf('\n', mutant.end);
  const end = found < 0 ? source.length : found;
  const line = source.slice(start, end);
  const becomes = applyMutant(line, { start: mutant.start - start, end: mutant.end - start, replacement: mutant.replacement });
  return { line: line.trim(), becomes: becomes.trim() };
}

/** A mutant with what was found, as the report tells it. */
export interface JudgedMutant {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  /** Kernels that it changes. */
  readonly kernels: readonly string[];
  /** Why no case can tell it from the original, if a reviewed argument says so. */
  readonly equivalent?: string;
  readonly durationMs: number;
}

/**
 * `pass`: killed; `fail`: survived, or killed although it is said to be equivalent; `skip`: invalid or equivalent. `source` is the text
 * of the mutant's file.
 */
export function resultOf(judged: JudgedMutant, source: string, env: number): CaseResult {
  const { mutant, verdict, kernels, durationMs } = judged;
  const id = mutantId(mutant);
  return {
    id,
    suite: id.slice(0, id.indexOf(':')),
    backend: 'webgpu',
    env,
    covers: [],
    tier: 'slow',
    durationMs,
    attempts: 1,
    assertions: verdict.kind === 'invalid' ? 0 : verdict.cases,
    kernels: [...kernels],
    ...statusOf(judged, source),
  };
}

function statusOf(
  { mutant, verdict, equivalent }: JudgedMutant,
  source: string,
): Pick<CaseResult, 'status' | 'skip' | 'error' | 'finding'> {
  const { line, becomes } = changedLines(source, mutant);
  const change = `"${line}" became "${becomes}"`;
  if (verdict.kind === 'invalid') return { status: 'skip', skip: { code: 'invalid', detail: `${change}: ${verdict.detail}` } };
  if (verdict.kind === 'killed') {
    const killer = `${change}: ${verdict.by} turned red (${verdict.how})`;
    if (equivalent === undefined) return { status: 'pass', finding: { code: 'killed', message: killer } };
    return { status: 'fail', error: { code: 'not-equivalent', message: `${killer}, although equivalent.ts says: ${equivalent}` } };
  }
  if (equivalent !== undefined) return { status: 'skip', skip: { code: 'equivalent', detail: `${change}: ${equivalent}` } };
  return { status: 'fail', error: { code: 'survived', message: `${change}: none of ${verdict.cases} cases turned red` } };
}
