import type { PlanEntry } from '../../harness/events.ts';
import type { CaseResult, Status } from '../../harness/report/schema.ts';
import { keyOf } from './run-state.ts';

/** How a case stands: its status, or that it runs or waits. */
export type Standing = Status | 'running' | 'waiting';

/** A suite's cases with how they stand. */
export interface SuiteEntry {
  readonly name: string;
  readonly entries: readonly PlanEntry[];
  readonly counts: Readonly<Partial<Record<Standing, number>>>;
  /** The worst of its cases. */
  readonly standing: Standing;
}

/** From what needs a person's eyes to what needs none. */
const WORST_FIRST: readonly Standing[] = ['fail', 'error', 'timeout', 'lost', 'running', 'waiting', 'pass', 'skip'];

interface Progress {
  readonly results: ReadonlyMap<string, CaseResult>;
  readonly running: ReadonlySet<string>;
}

/** How one case stands. */
export function standingOf(entry: PlanEntry, { results, running }: Progress): Standing {
  const key = keyOf(entry);
  return results.get(key)?.status ?? (running.has(key) ? 'running' : 'waiting');
}

/** The suites in which something is wrong before the others, and likewise their cases: what needs a person's eyes. */
export function wrongFirst(suites: readonly SuiteEntry[], progress: Progress): readonly SuiteEntry[] {
  const byEntry = (entry: PlanEntry) => rank(standingOf(entry, progress));
  const inside = suites.map((suite) => ({ ...suite, entries: suite.entries.toSorted((a, b) => byEntry(a) - byEntry(b)) }));
  return inside.toSorted((a, b) => rank(a.standing) - rank(b.standing));
}

/** 0 for what is wrong, 1 for what is not: the order among equals stays the plan's. */
function rank(standing: Standing): number {
  return standing === 'fail' || standing === 'error' || standing === 'timeout' || standing === 'lost' ? 0 : 1;
}

/** The entries by suite, in plan order. */
export function bySuite(entries: readonly PlanEntry[], progress: Progress): readonly SuiteEntry[] {
  const suites = new Map<string, PlanEntry[]>();
  for (const entry of entries) {
    const members = suites.get(entry.suite);
    if (members) members.push(entry);
    else suites.set(entry.suite, [entry]);
  }
  return [...suites].map(([name, members]) => {
    const counts: Partial<Record<Standing, number>> = {};
    for (const entry of members) {
      const standing = standingOf(entry, progress);
      counts[standing] = (counts[standing] ?? 0) + 1;
    }
    return { name, entries: members, counts, standing: WORST_FIRST.find((standing) => counts[standing]) ?? 'waiting' };
  });
}
