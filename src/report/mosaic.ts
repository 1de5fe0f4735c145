import { keyOf } from './case-key.ts';
import { counted } from './counted.ts';
import { FAMILIES, type Family, familyNaming } from './families.ts';
import type { LinkStatus } from './link/payload.ts';
import type { CaseResult } from './schema.ts';
import { type Verdict, verdictOf } from './verdict.ts';

/** How a square looks: a verdict, or that the check runs now or is still to come. */
export type SquareState = Verdict | 'running' | 'waiting';

/** All states, in the order in which they are told. */
export const SQUARE_STATES = [
  'wrong',
  'right',
  'expected',
  'skipped',
  'running',
  'waiting',
] as const satisfies readonly SquareState[];

/** One check. */
export interface Square {
  /** What tells it from all others. */
  readonly key: string;
  /** Undefined where only a status is known. */
  readonly suite: string | undefined;
  readonly state: SquareState;
}

/** How many squares are in which state. */
export type SquareCounts = Readonly<Record<SquareState, number>>;

/** The checks of a family, in the order in which they came. */
export interface FamilySquares {
  readonly family: Family;
  readonly squares: readonly Square[];
  readonly counts: SquareCounts;
}

/** A square for each check, by family: families in their order, none that is empty. */
export function mosaicOf(squares: Iterable<Square>): readonly FamilySquares[] {
  const families = new Map<Family, Square[]>(FAMILIES.map((family) => [family, []]));
  const known = new Map<string, Family>();
  for (const square of squares) {
    const { suite = '' } = square;
    const family = known.get(suite) ?? familyNaming(suite) ?? 'other';
    known.set(suite, family);
    families.get(family)?.push(square);
  }
  return [...families].flatMap(([family, those]) =>
    those.length === 0 ? [] : [{ family, squares: those, counts: countSquares(those) }],
  );
}

function countSquares(squares: readonly Square[]): SquareCounts {
  const counts = { wrong: 0, right: 0, expected: 0, skipped: 0, running: 0, waiting: 0 };
  for (const { state } of squares) counts[state]++;
  return counts;
}

/** The square of a result. */
export function squareOf(
  result: Pick<CaseResult, 'id' | 'backend' | 'suite' | 'status' | 'control' | 'finding'>,
): Square {
  return { key: keyOf(result), suite: result.suite, state: verdictOf(result) };
}

/** How a status of a share link looks; a link tells no findings and no controls. */
export function stateOfStatus(status: Exclude<LinkStatus, 'not-run'>): SquareState {
  return verdictOf({ status });
}

/** "82 checks: 1 wrong, 80 right, 1 skipped", for one who cannot see the squares. */
export function squareWords(counts: SquareCounts): string {
  const total = SQUARE_STATES.reduce((sum, state) => sum + counts[state], 0);
  const told = SQUARE_STATES.flatMap((state) =>
    counts[state] > 0 ? [`${counts[state]} ${STATE_WORDS[state]}`] : [],
  );
  return `${counted(total, 'check')}: ${told.join(', ')}`;
}

/** What stands for a state where people read English. */
export const STATE_WORDS: Readonly<Record<SquareState, string>> = {
  wrong: 'wrong',
  right: 'right',
  expected: 'failed as known',
  skipped: 'skipped',
  running: 'running',
  waiting: 'to come',
};

/**
 * Where squares stand: in rows of `columns`, a square and the gap after it `pitch` units apart, the
 * first one's corner at `x`, `y`.
 */
export interface Grid {
  readonly columns: number;
  readonly pitch: number;
  readonly x?: number;
  readonly y?: number;
}

/** Share of the pitch that is the gap between two squares. */
const GAP = 0.2;

/**
 * The squares as data of SVG paths (or of `Path2D`), one for each state that occurs, to be filled
 * by the rule `evenodd`; undefined leaves a place empty. The shape tells the state without colour:
 * right is a square, wrong a larger one with a cross cut out, expected a triangle, skipped a frame,
 * running a frame with a core, waiting a dot.
 */
export function pathsOf(
  squares: readonly (Pick<Square, 'state'> | undefined)[],
  { columns, pitch, x = 0, y = 0 }: Grid,
): Readonly<Partial<Record<SquareState, string>>> {
  const side = pitch * (1 - GAP);
  const paths: Partial<Record<SquareState, string>> = {};
  for (const [i, square] of squares.entries()) {
    if (!square) continue;
    const left = x + (i % columns) * pitch;
    const top = y + Math.floor(i / columns) * pitch;
    paths[square.state] = (paths[square.state] ?? '') + SHAPES[square.state](left, top, side);
  }
  return paths;
}

/** The room that a picture has. */
export interface Room {
  readonly width: number;
  readonly height: number;
  /** The largest pitch: a few squares are not to fill a large room. */
  readonly most: number;
}

/**
 * All families as one picture in a room, with an empty place between two, as large as they fit: the
 * paths of {@link pathsOf}.
 */
export function pictureOf(
  families: readonly FamilySquares[],
  { width, height, most }: Room,
): Readonly<Partial<Record<SquareState, string>>> {
  const places: (Square | undefined)[] = families.flatMap(({ squares }, i) => [
    ...(i === 0 ? [] : [undefined]),
    ...squares,
  ]);
  const columnsAt = (pitch: number) => Math.max(1, Math.floor(width / pitch));
  let pitch = most;
  while (pitch > 1 && Math.ceil(places.length / columnsAt(pitch)) * pitch > height) pitch -= 0.5;
  return pathsOf(places, { columns: columnsAt(pitch), pitch });
}

const SHAPES: Readonly<Record<SquareState, (x: number, y: number, side: number) => string>> = {
  right: box,
  wrong: (x, y, side) => inset(x, y, side, -GAP / 2) + cross(x + side / 2, y + side / 2, side),
  expected: (x, y, side) => `M${n(x)} ${n(y)}v${n(side)}h${n(side)}z`,
  skipped: frame,
  running: (x, y, side) => frame(x, y, side) + inset(x, y, side, 0.3),
  waiting: (x, y, side) => inset(x, y, side, 0.375),
};

function box(x: number, y: number, side: number): string {
  return `M${n(x)} ${n(y)}h${n(side)}v${n(side)}h${n(-side)}z`;
}

/** A box that is smaller by a share of its side on every edge. */
function inset(x: number, y: number, side: number, share: number): string {
  return box(x + share * side, y + share * side, side * (1 - 2 * share));
}

function frame(x: number, y: number, side: number): string {
  return box(x, y, side) + inset(x, y, side, 0.15);
}

/** Two diagonal bars about a centre, as one outline. */
function cross(x: number, y: number, side: number): string {
  const notch = n(side * 0.13);
  const arm = n(side * 0.26);
  return (
    `M${n(x)} ${n(y - side * 0.13)}l${arm}-${arm}l${notch} ${notch}l-${arm} ${arm}` +
    `l${arm} ${arm}l-${notch} ${notch}l-${arm}-${arm}l-${arm} ${arm}l-${notch}-${notch}` +
    `l${arm}-${arm}l-${arm}-${arm}l${notch}-${notch}z`
  );
}

/** A number of a path, short. */
function n(value: number): string {
  return String(Math.round(value * 100) / 100);
}
