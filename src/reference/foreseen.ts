/** Between which numbers one of a library's lies; both are the same where its bits are known. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * What a formula gives of each element of a tensor, where a library stores every step of it in a
 * half format.
 */
export type Foreseen = readonly Range[];

/**
 * Arithmetic in float32 that rounds to the nearest, of numbers that are known but for their last
 * bits: of each result the range in which a library's lies, fused or not, in any order. `stored`
 * rounds a result to the half format, by which most ranges become one number.
 */
export interface Steps {
  readonly stored: (x: Range) => Range;
  readonly exactly: (x: number) => Range;
  readonly add: (a: Range, b: Range) => Range;
  readonly sub: (a: Range, b: Range) => Range;
  readonly mul: (a: Range, b: Range) => Range;
  readonly div: (a: Range, b: Range) => Range;
  /** Negation is exact. */
  readonly neg: (x: Range) => Range;
  readonly root: (x: Range) => Range;
  readonly exp: (x: Range) => Range;
  readonly log: (x: Range) => Range;
  readonly pow: (a: Range, b: Range) => Range;
  /** Another function, which ascends. */
  readonly ascending: (x: Range, f: (x: number) => number) => Range;
  readonly sum: (terms: readonly Range[]) => Range;
  /** Where either may be what a library computes, as its vectors and what is left over. */
  readonly either: (a: Range, b: Range) => Range;
}
