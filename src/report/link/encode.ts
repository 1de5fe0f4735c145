import { isBridgeName } from '../../backends/bridge/name.ts';
import { keyOf } from '../case-key.ts';
import { planHash } from '../plan.ts';
import type { CaseResult, Report } from '../schema.ts';
import { LINKED_FILTERS, settingsOf, shortList } from '../settings.ts';
import { validateReport } from '../validate.ts';
import { seal } from './container.ts';
import { LinkError } from './error.ts';
import { writePayload } from './fields.ts';
import type { LinkPayload } from './payload.ts';

/** What a link says beyond its report. */
export interface LinkSharing {
  /** What the person calls the computer; at most 200 characters are kept. */
  readonly device?: string;
}

/**
 * The share link's fragment (without `#`) of a report: the whole verdict, compressed and
 * checksummed; nothing is uploaded. `planText` is the plan that the report's `planHash` names.
 * Throws {@link LinkError} when it is another one, when a result is not in it, or when the result
 * does not fit a link; ReportError on a report that breaks the schema.
 */
export async function encodeLink(
  report: Report,
  planText: string,
  { device = '' }: LinkSharing = {},
): Promise<string> {
  const valid = validateReport(report, `report ${report.run.id}`);
  if ((await planHash(planText)) !== valid.run.planHash) {
    throw new LinkError(
      'link-plan-mismatch',
      'the report was made with another plan of cases: make the link with the version that ran it',
    );
  }
  return seal(
    writePayload({ ...payloadOf(valid, planText.split('\n').slice(0, -1)), device: device.trim() }),
  );
}

function payloadOf(report: Report, plan: readonly string[]): Omit<LinkPayload, 'device'> {
  const { kind, tool, run, environments } = report;
  if (kind === 'test')
    throw new LinkError(
      'link-without-plan',
      'a report of tests has no plan: send the file instead',
    );
  const cases = inPlan(report);
  const ran = plan.flatMap((line) => cases.get(line) ?? []);
  if (ran.length < cases.size) {
    const known = new Set(plan);
    const stray = [...cases.keys()].find((line) => !known.has(line));
    throw new LinkError(
      'link-case-unknown',
      `${stray} is not in the plan of its report: make the report again`,
    );
  }
  const timed = ran.some(({ timing }) => timing !== undefined);
  return {
    kind,
    tool: { version: tool.version, commit: tool.commit },
    time: { startedAt: new Date(run.startedAt), durationMs: run.durationMs },
    settings: { ...settingsOf(report), filters: shortList(run.filters, LINKED_FILTERS) },
    environments,
    planHash: run.planHash,
    statuses: plan.map((line) => cases.get(line)?.status ?? 'not-run'),
    // An element that is wrong at a bound of zero has no share of it: beyond every scale.
    accuracies: ran.map(
      ({ accuracy }) => accuracy && (accuracy.boundUsed ?? Number.POSITIVE_INFINITY),
    ),
    speeds: timed ? ran.map(({ timing }) => timing?.medianMs) : [],
    places: environments.length > 1 ? ran.map(({ env }) => env) : [],
    replayed: countOutsidePlan(report),
  };
}

/** Bundles and devices behind a bridge are in no plan, and only runs follow one. */
function isPlanned({ kind }: Report, { suite, backend }: CaseResult): boolean {
  return kind === 'run' && !suite.startsWith('parity.') && !isBridgeName(backend);
}

/** The results that have a place in the plan, by its line. */
function inPlan(report: Report): ReadonlyMap<string, CaseResult> {
  const cases = new Map<string, CaseResult>();
  for (const result of report.results.filter((one) => isPlanned(report, one))) {
    const line = keyOf(result);
    if (cases.has(line)) {
      throw new LinkError(
        'link-case-repeated',
        `${line} ran in two environments, a link holds one: share the reports one by one`,
      );
    }
    cases.set(line, result);
  }
  return cases;
}

function countOutsidePlan(report: Report): LinkPayload['replayed'] {
  const counts = { pass: 0, fail: 0, skip: 0, error: 0, timeout: 0, lost: 0 };
  for (const result of report.results) if (!isPlanned(report, result)) counts[result.status]++;
  return counts;
}
