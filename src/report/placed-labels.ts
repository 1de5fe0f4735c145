/** A point of a plot. */
export interface PlotPoint {
  /** Stands beside it where there is room; empty for none. */
  readonly name: string;
  readonly cx: number;
  readonly cy: number;
}

/** The area of a plot, in units of its drawing. */
export interface PlotArea {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Where a label stands: beside its point, at the height `at`. */
export interface PlacedLabel {
  /** Empty where there is no room. */
  readonly name: string;
  /** To the right of the point, or to the left. */
  readonly right: boolean;
  readonly at: number;
}

/** Height of a line of labels, about. */
const LINE = 15;
/** From a point to its label, and around a point, where no label stands. */
const GAP = 11;

/** A stretch at the height `at` where no label stands. */
export interface Taken {
  readonly from: number;
  readonly to: number;
  readonly at: number;
}

/**
 * Puts each label beside its point, on the side and at the height where nothing stands yet, as near
 * as there is room; the first points have the first choice. `widthOf` tells how wide a name is,
 * `lines` where something else is drawn.
 */
export function placedLabels(
  points: readonly PlotPoint[],
  { left, right: edge, top, bottom }: PlotArea,
  widthOf: (name: string) => number,
  lines: readonly Taken[] = [],
): readonly PlacedLabel[] {
  const around = points.map(({ cx, cy }) => ({ from: cx - GAP, to: cx + GAP, at: cy }));
  const taken: Taken[] = [...lines, ...around];
  const meets = (a: Taken) =>
    taken.some((b) => b.from < a.to && a.from < b.to && Math.abs(b.at - a.at) < LINE);
  return points.map(({ name, cx, cy }) => {
    const unnamed = { name: '', right: true, at: cy };
    if (name === '') return unnamed;
    const width = widthOf(name);
    const places = Array.from(
      { length: 21 },
      (_, i) => cy + LINE * Math.ceil(i / 2) * (i % 2 === 0 ? 1 : -1),
    ).flatMap((at) =>
      [true, false].map((right) => ({
        right,
        at,
        from: right ? cx + GAP : cx - GAP - width,
        to: right ? cx + GAP + width : cx - GAP,
      })),
    );
    const free = places.find(
      (place) =>
        place.from >= left &&
        place.to <= edge &&
        place.at > top &&
        place.at < bottom - LINE / 2 &&
        !meets(place),
    );
    if (!free) return unnamed;
    taken.push(free);
    return { name, right: free.right, at: free.at };
  });
}

/** Where a line of upright and level pieces between `corners` is. */
export function takenBy(corners: readonly (readonly [x: number, y: number])[]): readonly Taken[] {
  return corners.slice(1).flatMap(([x, y], i) => {
    const [fromX, fromY] = corners[i] as readonly [number, number];
    if (y === fromY) return [{ from: Math.min(x, fromX), to: Math.max(x, fromX), at: y }];
    const steps = Math.ceil(Math.abs(y - fromY) / LINE);
    return Array.from({ length: steps + 1 }, (_, step) => ({
      ...{ from: x - 1, to: x + 1, at: fromY + ((y - fromY) * step) / steps },
    }));
  });
}
