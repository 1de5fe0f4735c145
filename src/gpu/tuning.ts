/** From the first to the last number that is meant; without a last one, all from the first on. */
export type Span = readonly [first: number, last?: number];

/** Values of constants by name, as pipelines take them. */
export type Sizes = Readonly<Record<string, number>>;

/**
 * A row of a tuning table: which variant of an op is taken on what kind of device, for what class
 * of operands. What a row does not name may be anything, so that a row of a variant alone fits
 * every adapter. A row never names an adapter, and says nothing of what is right: every variant is.
 */
export interface TuningRow {
  readonly variant: string;
  /** Constants of its kernel that were measured too; default what the variant reckons. */
  readonly sizes?: Sizes;
  /** Ops, by name; default all that have a variant of that name. */
  readonly ops?: readonly string[];
  /** Whether loads cost more than arithmetic, and barriers more than both: see `hasFewLanes`. */
  readonly lanes?: 'few' | 'many';
  /** How the first operand of the op is stored. */
  readonly dtype?: string;
  /** Elements of the first operand by its {@link TuningRow.width}. */
  readonly rows?: Span;
  /** Size of the last dimension of the first operand. */
  readonly width?: Span;
}

/** Whether a span has a number. */
export function has([first, last = Number.POSITIVE_INFINITY]: Span, value: number): boolean {
  return first <= value && value <= last;
}
