import type { DType } from '../../tensor/dtype.ts';
import type { Range, RangeArithmetic } from './ranges.ts';

/** What the elements of a group are coded by. */
export interface Line {
  /** A float, or the bits of a scale. */
  readonly scale: number;
  /** 0 where the mode has none. */
  readonly bias: number;
}

/** How a mode codes the elements of a group. */
export interface Coding {
  /** Right lines of a group: that of IEEE arithmetic, then those that other arithmetic leaves open. */
  readonly lines: (group: Float64Array) => readonly [Line, ...Line[]];
  /** The scale as a weight's format holds it, by arithmetic that is IEEE's or any. */
  readonly stored: (line: Line, dtype: DType | undefined, ieee: boolean) => Range;
  /** Every code that is right, by IEEE arithmetic or any; the first is IEEE's. */
  readonly codes: (x: number, line: Line, ieee: boolean) => readonly number[];
  /** What a code decodes to, by the scale as it is stored. */
  readonly decode: (code: number, scale: Range, bias: number, ops: RangeArithmetic) => Range;
}
