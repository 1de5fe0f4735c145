import { type Difference, differencesOf } from './differences.ts';
import { isAbove, pace, type Range } from './range.ts';
import type { CaseFigures, Snapshot } from './snapshot.ts';

/** How a case can differ, from what needs a person's eyes most to what needs them least. */
export const CHANGE_KINDS = [
  'newly-wrong',
  'newly-right',
  'other-status',
  'only-before',
  'only-after',
  'finding',
  'slower',
  'faster',
  'accuracy',
] as const;

/** How a case differs. */
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** A case that is not the same in both results. */
export interface Change {
  readonly id: string;
  readonly backend: string;
  /** In the order of {@link CHANGE_KINDS}. */
  readonly kinds: readonly [ChangeKind, ...ChangeKind[]];
  readonly before: CaseFigures | undefined;
  readonly after: CaseFigures | undefined;
}

/** How one result differs from another. */
export interface Comparison {
  readonly differences: readonly Difference[];
  /**
   * By their first kind, within it what is wrong first, then in the order of `before`; those of
   * accuracy alone by growth.
   */
  readonly changes: readonly Change[];
  /** How many changes are of each kind; one may be of several. */
  readonly counts: Readonly<Record<ChangeKind, number>>;
  /** Cases that are in both. */
  readonly inBoth: number;
  readonly stillPassing: number;
  /** Cases whose times could be compared. */
  readonly timed: number;
}

/** Compares two results case by case, by id and backend. */
export function compareSnapshots(before: Snapshot, after: Snapshot): Comparison {
  const findings = before.tellsFindings && after.tellsFindings;
  const counts = Object.fromEntries(CHANGE_KINDS.map((kind) => [kind, 0])) as Record<
    ChangeKind,
    number
  >;
  const changes: Change[] = [];
  let inBoth = 0;
  let stillPassing = 0;
  let timed = 0;
  for (const key of new Set([...before.cases.keys(), ...after.cases.keys()])) {
    const a = before.cases.get(key);
    const b = after.cases.get(key);
    const speed = pace(a?.time, b?.time);
    if (speed) timed++;
    if (a && b) inBoth++;
    if (a?.status === 'pass' && b?.status === 'pass') stillPassing++;
    const kinds = kindsOf(a, b, speed, findings);
    for (const kind of kinds) counts[kind]++;
    const { id, backend } = (b ?? a) as CaseFigures;
    if (isSome(kinds)) changes.push({ id, backend, kinds, before: a, after: b });
  }
  return {
    differences: differencesOf(before, after),
    changes: changes.sort(order),
    counts,
    inBoth,
    stillPassing,
    timed,
  };
}

/** Passed before and does not pass now; a case that is missing now does not pass. */
export function isRegression({ before, after }: Change): boolean {
  return before?.status === 'pass' && after?.status !== 'pass';
}

function isSome(kinds: readonly ChangeKind[]): kinds is Change['kinds'] {
  return kinds.length > 0;
}

function kindsOf(
  a: CaseFigures | undefined,
  b: CaseFigures | undefined,
  speed: ReturnType<typeof pace>,
  findings: boolean,
): readonly ChangeKind[] {
  if (!a) return ['only-after'];
  if (!b) return ['only-before'];
  const accuracy =
    a.status === 'pass' &&
    b.status === 'pass' &&
    a.boundUsed &&
    b.boundUsed &&
    (isAbove(a.boundUsed, b.boundUsed) || isAbove(b.boundUsed, a.boundUsed));
  return [
    ...verdictKinds(a, b),
    ...(findings && a.finding !== b.finding ? (['finding'] as const) : []),
    ...(speed === 'slower' || speed === 'faster' ? [speed] : []),
    ...(accuracy ? (['accuracy'] as const) : []),
  ];
}

function verdictKinds(a: CaseFigures, b: CaseFigures): readonly ChangeKind[] {
  if (b.verdict === 'wrong' && a.verdict !== 'wrong') return ['newly-wrong'];
  if (b.verdict === 'right' && a.verdict !== 'right') return ['newly-right'];
  return a.status !== b.status || a.verdict !== b.verdict ? ['other-status'] : [];
}

const RANKS: Readonly<Record<ChangeKind, number>> = Object.fromEntries(
  CHANGE_KINDS.map((kind, rank) => [kind, rank]),
) as Record<ChangeKind, number>;

function order(x: Change, y: Change): number {
  const rank = RANKS[x.kinds[0]] - RANKS[y.kinds[0]];
  if (rank !== 0) return rank;
  if (x.kinds[0] === 'accuracy') return growth(y) - growth(x);
  return Number(isWrong(y)) - Number(isWrong(x));
}

function isWrong({ before, after }: Change): boolean {
  return (after ?? before)?.verdict === 'wrong';
}

/** In units of the bound, so that noise near zero does not come first; both have a share. */
function growth({ before, after }: Change): number {
  const share = (figures: CaseFigures | undefined) =>
    ((figures as CaseFigures).boundUsed as Range).high;
  return share(after) - share(before);
}
