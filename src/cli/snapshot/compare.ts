import { counted } from '../../report/counted.ts';
import type { CaseSnapshot, MutantSnapshot, Snapshot } from './snapshot.ts';

/** What two snapshots may differ in. */
export interface Allowed {
  /**
   * What became of shaders (by their path in the linker's package, without extension): the new
   * name, which several may share, or where the text has changed, the list of those that hold it
   * now, a kernel's own name first.
   */
  readonly moved: Readonly<Record<string, string | readonly string[]>>;
  /** Why the reads of a case differ from run to run, by its id. */
  readonly excluded: Readonly<Record<string, string>>;
}

/** The reads of one case in this many may be excluded. */
const CASES_PER_EXCLUSION = 100;

/** Every difference that is not allowed, and what is wrong with what is allowed, a line each. */
export function differences(before: Snapshot, after: Snapshot, allowed: Allowed): string[] {
  const groups = ['cases', 'bundles'] as const;
  return [
    ...wrongExclusions(before, allowed),
    ...(['schema', 'runtime', 'planHash'] as const).flatMap((field) =>
      changed(field, before[field], after[field]),
    ),
    ...groups.flatMap((group) => caseDifferences(before[group], after[group], allowed)),
    ...mutantDifferences(before.mutants, after.mutants, allowed),
  ];
}

function wrongExclusions({ cases }: Snapshot, { excluded }: Allowed): string[] {
  const ids = new Set(Object.keys(cases).map((key) => key.split(' ')[0]));
  const unknown = Object.keys(excluded).filter((id) => !ids.has(id));
  const lines = unknown.map((id) => `${id} is excluded, and no case is called so`);
  const most = Math.floor(Object.keys(cases).length / CASES_PER_EXCLUSION);
  const { length } = Object.keys(excluded);
  return length > most
    ? [...lines, `${counted(length, 'case is', 'cases are')} excluded: at most ${most} may be`]
    : lines;
}

function caseDifferences(
  before: Readonly<Record<string, CaseSnapshot>>,
  after: Readonly<Record<string, CaseSnapshot>>,
  { moved, excluded }: Allowed,
): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.flatMap((key) => {
    const old = before[key];
    const now = after[key];
    if (!old || !now) return [`${key}: ${now ? 'is new' : 'is gone'}`];
    const renamed = [...new Set(old.kernels.map((name) => newName(name, moved)))].sort();
    const isExcluded = (key.split(' ')[0] ?? '') in excluded;
    return [
      ...changed(`${key}: status`, old.status, now.status),
      ...changed(`${key}: code`, old.code, now.code),
      ...changed(`${key}: kernels`, renamed.join(', '), [...now.kernels].sort().join(', ')),
      ...(isExcluded ? [] : changed(`${key}: what it read back`, old.reads, now.reads)),
    ];
  });
}

/**
 * Differences of mutants. Those of shaders whose texts were merged or spread are not compared,
 * since they are others; none of them may survive.
 */
function mutantDifferences(
  before: readonly MutantSnapshot[] | undefined,
  after: readonly MutantSnapshot[] | undefined,
  { moved }: Allowed,
): string[] {
  if (!before || !after)
    return before === after ? [] : [`mutants: only the ${before ? 'first' : 'second'} has them`];
  const merged = otherTexts(moved);
  const verdicts = (mutants: readonly MutantSnapshot[], names: Allowed['moved']) =>
    new Map(
      mutants
        .map((mutant) => ({ ...mutant, kernel: newName(mutant.kernel, names) }))
        .filter(({ kernel }) => !merged.has(kernel))
        .map(({ kernel, change, verdict }) => [`${kernel}: ${change}`, verdict]),
    );
  const old = verdicts(before, moved);
  const now = verdicts(after, {});
  const keys = [...new Set([...old.keys(), ...now.keys()])].sort();
  const survivors = after.filter(
    ({ kernel, verdict }) => merged.has(kernel) && verdict === 'survived',
  );
  return [
    ...keys.flatMap((key) => changed(key, old.get(key), now.get(key))),
    ...survivors.map(({ kernel, change }) => `${kernel}: ${change}: survived in the merged text`),
  ];
}

/** The new name of a shader. */
function newName(name: string, moved: Allowed['moved']): string {
  const now = moved[name];
  return (typeof now === 'string' ? now : now?.[0]) ?? name;
}

/** Shaders whose text is merged of several, or was spread over several. */
function otherTexts(moved: Allowed['moved']): ReadonlySet<string> {
  const names = Object.values(moved).filter((now) => typeof now === 'string');
  const spread = Object.entries(moved).flatMap(([old, now]) =>
    typeof now === 'string' ? [] : [old, ...now],
  );
  return new Set([...names.filter((name, i) => names.indexOf(name) !== i), ...spread]);
}

function changed(what: string, before: string | undefined, after: string | undefined): string[] {
  return before === after ? [] : [`${what}: ${before ?? 'none'} became ${after ?? 'none'}`];
}
