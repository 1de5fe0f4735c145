import type { PlanEntry } from '../../harness/events.ts';
import type { CaseResult } from '../../harness/report/schema.ts';

/** A line of a case's detail. */
export interface CaseFact {
  readonly term: string;
  readonly text: string;
  readonly mono?: true;
}

/** Everything that is known of a case, the most telling first; before a run only what the plan says. */
export function factsOfCase({ control, backend }: PlanEntry, result: CaseResult | undefined): readonly CaseFact[] {
  return [
    ...(result ? problemFacts(result) : []),
    ...(result ? evidenceFacts(result) : []),
    controlFact(control, result),
    ...(backend === 'webgpu' ? [] : [{ term: 'Computed by', text: backend }]),
  ];
}

function problemFacts({ error, skip, finding, fault }: CaseResult): CaseFact[] {
  const problem = error ?? finding;
  return [
    ...(error ? [{ term: 'What is wrong', text: error.message }] : []),
    ...(finding ? [{ term: finding.code === 'producer-deviates' ? 'The recording is off' : 'Found', text: finding.message }] : []),
    ...(problem?.at ? [firstWrong(problem.at)] : []),
    ...(fault ? [{ term: 'Whose fault', text: fault }] : []),
    ...(skip ? [{ term: 'Skipped because', text: `${skip.code.replaceAll('-', ' ')}: ${skip.detail}` }] : []),
  ];
}

function firstWrong({ index, actual, expected }: NonNullable<NonNullable<CaseResult['error']>['at']>): CaseFact {
  return { term: 'First wrong element', text: `[${index.join(', ')}] is ${number(actual)}, should be ${number(expected)}`, mono: true };
}

function evidenceFacts({ accuracy, assertions, kernels, durationMs, gpuMs, timing, attempts, metrics }: CaseResult): CaseFact[] {
  return [
    { term: 'Numbers compared', text: assertions.toLocaleString('en') },
    ...(accuracy ? [{ term: 'Bound used', text: boundWords(accuracy) }] : []),
    ...(kernels.length > 0 ? [{ term: 'Kernels', text: kernels.join(', '), mono: true as const }] : []),
    {
      term: 'Took',
      text: `${milliseconds(durationMs)} with set-up and judging${gpuMs === undefined ? '' : `, ${milliseconds(gpuMs)} on the chip`}`,
    },
    ...(timing ? [{ term: 'Steady time', text: `${milliseconds(timing.medianMs)} (${timing.source}, ${timing.samples} samples)` }] : []),
    ...(attempts > 1 ? [{ term: 'Attempts', text: String(attempts) }] : []),
    ...Object.entries(metrics ?? {}).map(([name, value]) => ({ term: name, text: number(value), mono: true as const })),
  ];
}

function controlFact(control: string, result: CaseResult | undefined): CaseFact {
  const seen = result?.control?.status;
  const term = seen === 'red' ? 'Was seen to fail when' : seen === 'green' ? 'Did not fail when' : 'Must fail when';
  return { term, text: control };
}

function boundWords({ boundUsed, typicalUsed }: NonNullable<CaseResult['accuracy']>): string {
  if (boundUsed === null) return 'wrong where no error is allowed';
  const typical = typicalUsed === null ? '' : `; ${percent(typicalUsed)} of what is typical`;
  const share = boundUsed > 1 ? `${Number(boundUsed.toPrecision(3)).toLocaleString('en')} times` : `${percent(boundUsed)} of`;
  return `${share} the error that a right chip may make${typical}`;
}

function percent(share: number): string {
  if (share === 0) return '0 %';
  return share < 0.001 ? 'under 0.1 %' : `${Number((share * 100).toPrecision(2))} %`;
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

function number(value: number | null): string {
  return value === null ? 'not a finite number' : String(Number(value.toPrecision(9)));
}
