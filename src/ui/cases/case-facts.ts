import type { PlanEntry } from '../../harness/events.ts';
import type { CaseResult } from '../../report/schema.ts';
import { isUnjudged, unjudgedOf } from '../../report/unjudged.ts';
import { unitsWords } from '../messages/units.en.ts';
import { casesWords } from './cases.en.ts';

/** A line of a case's detail. */
export interface CaseFact {
  readonly term: string;
  readonly text: string;
  readonly mono?: true;
  /** In the report's own words, which are English. */
  readonly foreign?: true;
}

/**
 * Everything that is known of a case, the most telling first; before a run only what the plan says.
 * `place`: the chip that computed.
 */
export function factsOfCase(
  { control, backend }: PlanEntry,
  result: CaseResult | undefined,
  place?: string,
): readonly CaseFact[] {
  return [
    ...(result ? problemFacts(result) : []),
    ...(result ? evidenceFacts(result, place) : []),
    controlFact(control, result),
    ...(backend === 'webgpu' ? [] : [{ term: casesWords().facts.computedBy, text: backend }]),
  ];
}

function problemFacts({ error, skip, finding, fault }: CaseResult): CaseFact[] {
  const problem = error ?? finding;
  const { facts, faults } = casesWords();
  const found = finding?.code === 'producer-deviates' ? facts.recordingOff : facts.found;
  return [
    ...(error ? [{ term: facts.wrong, text: error.message, foreign: true as const }] : []),
    ...(finding ? [{ term: found, text: finding.message, foreign: true as const }] : []),
    ...(problem?.at ? [firstWrong(problem.at)] : []),
    ...(fault ? [{ term: facts.whoseFault, text: faults[fault] }] : []),
    ...(skip
      ? [
          {
            term: facts.skipped,
            text:
              skip.code === 'missing-library'
                ? skip.detail
                : `${skip.code.replaceAll('-', ' ')}: ${skip.detail}`,
            foreign: true as const,
          },
        ]
      : []),
  ];
}

function firstWrong({
  index,
  actual,
  expected,
}: NonNullable<NonNullable<CaseResult['error']>['at']>): CaseFact {
  const { facts, element } = casesWords();
  return {
    term: facts.firstWrong,
    text: element(index.join(', '), exactNumber(actual), exactNumber(expected)),
    mono: true,
  };
}

function evidenceFacts(result: CaseResult, place?: string): CaseFact[] {
  const { status, accuracy, assertions, kernels, durationMs, gpuMs, timing, attempts, metrics } =
    result;
  const cases = casesWords();
  const units = unitsWords();
  const { facts } = cases;
  return [
    // What did not pass counts only what held before: no number that people ask for.
    ...(status === 'pass' ? [{ term: facts.compared, text: units.number(assertions) }] : []),
    ...unjudgedFact(result),
    ...(accuracy ? [{ term: facts.bound, text: boundWords(accuracy) }] : []),
    ...(kernels.length > 0
      ? [{ term: facts.kernels, text: kernels.join(', '), mono: true as const }]
      : []),
    { term: facts.took, text: tookWords(durationMs, gpuMs, place) },
    ...(timing ? timingFacts(timing) : []),
    ...(attempts > 1 ? [{ term: facts.attempts, text: units.number(attempts) }] : []),
    ...liveTimes(metrics),
    ...Object.entries(metrics ?? {})
      .filter(([name]) => !LIVE_TIMES.has(name) && !isUnjudged(name))
      .map(([name, value]) => ({ term: name, text: exactNumber(value), mono: true as const })),
  ];
}

/** What of a recording, and of ours beside it, no verdict is about. */
function unjudgedFact(result: CaseResult): readonly CaseFact[] {
  const { ours, recorded } = unjudgedOf(result);
  if (ours + recorded === 0) return [];
  const { facts, unjudged } = casesWords();
  return [{ term: facts.unjudged, text: unjudged(recorded, ours) }];
}

/** With the chip that took so long: a time means nothing without it. */
function tookWords(
  durationMs: number,
  gpuMs: number | undefined,
  place: string | undefined,
): string {
  const cases = casesWords();
  const units = unitsWords();
  const took = cases.took(
    units.milliseconds(durationMs),
    gpuMs === undefined ? undefined : units.milliseconds(gpuMs),
  );
  return place ? `${took}, ${place}` : took;
}

/** The first time compiles; what follows is steady. Both are told, each by its name. */
function timingFacts({
  source,
  samples,
  coldMs,
  medianMs,
}: NonNullable<CaseResult['timing']>): readonly CaseFact[] {
  const cases = casesWords();
  const units = unitsWords();
  return [
    { term: cases.facts.steady, text: cases.steady(units.milliseconds(medianMs), source, samples) },
    { term: cases.facts.cold, text: units.milliseconds(coldMs) },
  ];
}

function controlFact(control: string, result: CaseResult | undefined): CaseFact {
  const { facts } = casesWords();
  const seen = result?.control?.status;
  const term =
    seen === 'red' ? facts.seenToFail : seen === 'green' ? facts.didNotFail : facts.mustFail;
  return { term, text: control, foreign: true };
}

function boundWords({ boundUsed, typicalUsed }: NonNullable<CaseResult['accuracy']>): string {
  const cases = casesWords();
  if (boundUsed === null) return cases.noError;
  const share = boundUsed > 1 ? cases.boundTimes(boundUsed) : cases.boundShare(percent(boundUsed));
  return typicalUsed === null ? share : `${share}; ${cases.typicalShare(percent(typicalUsed))}`;
}

function percent(share: number): string {
  const cases = casesWords();
  const units = unitsWords();
  return share > 0 && share < 0.001 ? cases.underPermille : units.percent(share);
}

/** What live cases measure; told in one sentence. */
const LIVE_TIMES: ReadonlySet<string> = new Set(['bridgeMs', 'roundTripMs', 'oursMs']);

/** The library's time beside ours: of one call each, so a hint and no benchmark. */
function liveTimes({
  bridgeMs,
  roundTripMs,
  oursMs,
}: NonNullable<CaseResult['metrics']> = {}): readonly CaseFact[] {
  const cases = casesWords();
  const units = unitsWords();
  if (typeof roundTripMs !== 'number') return [];
  const parts = [
    ...(typeof bridgeMs === 'number' ? [cases.library(units.milliseconds(bridgeMs))] : []),
    cases.roundTrip(units.milliseconds(roundTripMs)),
    ...(typeof oursMs === 'number' ? [cases.ours(units.milliseconds(oursMs))] : []),
  ];
  return [{ term: cases.facts.oneCall, text: parts.join('; ') }];
}

/** A number as programs write it, with as many digits as float32 needs. */
export function exactNumber(value: number | null): string {
  return value === null ? casesWords().notFinite : String(Number(value.toPrecision(9)));
}
