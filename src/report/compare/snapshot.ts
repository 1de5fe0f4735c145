import { keyOf } from '../case-key.ts';
import type { DecodedLink, LinkedCase } from '../link/decode.ts';
import type { LinkEnvironment } from '../link/environment.ts';
import { ACCURACY, roundedFrom } from '../link/quantize.ts';
import type { CaseResult, Report, Status } from '../schema.ts';
import { type Settings, settingsOf } from '../settings.ts';
import { type Verdict, verdictOf } from '../verdict.ts';
import { type Range, type TimeFigure, timeOf } from './range.ts';

/** A case as every source of results tells it: a report, a link, a baseline. */
export interface CaseFigures {
  readonly id: string;
  readonly backend: string;
  readonly status: Status;
  readonly verdict: Verdict;
  /** Why it did not pass; empty where it did, or where the source does not say. */
  readonly reason: string;
  /**
   * Code of what was found beside the verdict; undefined where nothing was, or where the source
   * does not say.
   */
  readonly finding: string | undefined;
  /**
   * Share of the bound that was used, Infinity where an element is wrong at a bound of 0; undefined
   * where none was measured.
   */
  readonly boundUsed: Range | undefined;
  readonly time: TimeFigure | undefined;
  /** What the GPU was given to run; undefined where the source does not say. */
  readonly kernels: readonly string[] | undefined;
}

/** A result in the form that is compared. */
export interface Snapshot {
  readonly kind: Report['kind'];
  readonly tool: { readonly version: string; readonly commit: string };
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly settings: Settings;
  readonly environments: readonly LinkEnvironment[];
  readonly planHash: string;
  /** By `id backend`. */
  readonly cases: ReadonlyMap<string, CaseFigures>;
  /** Whether findings are told; a link has none. */
  readonly tellsFindings: boolean;
  /** Results that are only counted: a link tells no names of what it replayed. */
  readonly nameless: number;
}

/** From what hides nothing to what must not be hidden. */
const GRAVITY: readonly Verdict[] = ['right', 'skipped', 'expected', 'wrong'];

/**
 * The snapshot of a report. A case that ran in several environments is right only if it is right in
 * all: its gravest result stands for it, the first of several.
 */
export function snapshotOfReport(report: Report): Snapshot {
  const { kind, tool, run, environments, results } = report;
  const cases = new Map<string, CaseFigures>();
  for (const result of results) {
    const key = keyOf(result);
    const figures = figuresOf(result);
    const other = cases.get(key);
    if (!other || GRAVITY.indexOf(figures.verdict) > GRAVITY.indexOf(other.verdict))
      cases.set(key, figures);
  }
  return {
    kind,
    tool: { version: tool.version, commit: tool.commit },
    startedAt: new Date(run.startedAt),
    durationMs: run.durationMs,
    settings: settingsOf(report),
    environments,
    planHash: run.planHash,
    cases,
    tellsFindings: true,
    nameless: 0,
  };
}

/**
 * The snapshot of a link. Where its plan is not known, cases have their place in it for a name, so
 * that links of one plan can be compared.
 */
export function snapshotOfLink(link: DecodedLink): Snapshot {
  const { kind, tool, time, settings, environments, planHash, replayed } = link;
  const cases = new Map<string, CaseFigures>();
  for (const linked of link.cases) {
    const figures = figuresOfLinked(linked, planHash);
    if (figures) cases.set(keyOf(figures), figures);
  }
  const nameless = Object.values(replayed).reduce((sum, count) => sum + count, 0);
  return {
    kind,
    tool,
    ...time,
    settings,
    environments,
    planHash,
    cases,
    tellsFindings: false,
    nameless,
  };
}

function figuresOf(result: CaseResult): CaseFigures {
  const { id, backend, status, error, skip, finding, control, accuracy } = result;
  const { timing, kernels } = result;
  const used = accuracy && (accuracy.boundUsed ?? Number.POSITIVE_INFINITY);
  return {
    id,
    backend,
    status,
    verdict: verdictOf(result),
    reason: error?.message ?? skip?.detail ?? '',
    finding: finding?.code ?? (control?.status === 'green' ? 'control-green' : undefined),
    boundUsed: used === undefined ? undefined : asFloat32(used),
    time: timing && timeOf(timing),
    kernels,
  };
}

/**
 * A share as far as it tells something: oracles use the platform's `Math`, whose last digits are
 * the engine's own, so that shares which are one in float32 do not differ.
 */
function asFloat32(share: number): Range {
  const rounded = Math.fround(share);
  return { low: Math.min(share, rounded), high: Math.max(share, rounded) };
}

/** A link rounds up, so a figure is a range; a median without its spread is no range. */
function figuresOfLinked(
  { position, id, backend, status, boundUsed, medianMs }: LinkedCase,
  planHash: string,
): CaseFigures | undefined {
  if (status === 'not-run') return undefined;
  return {
    id: id ?? `case ${position + 1} of plan ${planHash.slice(0, 12)}`,
    backend: backend ?? '',
    status,
    verdict: verdictOf({ status }),
    reason: '',
    finding: undefined,
    boundUsed:
      boundUsed === undefined
        ? undefined
        : { low: roundedFrom(boundUsed, ACCURACY), high: boundUsed },
    time: medianMs === undefined ? undefined : { medianMs, range: undefined, source: undefined },
    kernels: undefined,
  };
}
