import type { MlxParams } from '../../vocabulary/quant/mlx_quantize.ts';
import { affine } from './mlx-affine.ts';
import { microscaled } from './mlx-microscaled.ts';

/** What the elements of a group are coded and decoded by. */
export interface Line {
  /** As it is stored: a float, or the bits of a scale. */
  readonly scale: number;
  /** 0 where the mode has none. */
  readonly bias: number;
}

/** How a mode codes the elements of a group. */
export interface Coding {
  /** Right lines of a group: that of IEEE arithmetic, then those that other arithmetic leaves open. */
  readonly lines: (group: Float64Array) => readonly [Line, ...Line[]];
  /** How far a stored scale may be off where the arithmetic is not IEEE's. */
  readonly scaleError: (line: Line) => number;
  /** The code of an element by IEEE arithmetic. */
  readonly code: (x: number, line: Line) => number;
  /** Every code that is right, by IEEE arithmetic or any. */
  readonly codes: (x: number, line: Line, ieee: boolean) => readonly number[];
  readonly decode: (code: number, line: Line) => number;
  /** The size of a code times its scale, before a bias. */
  readonly scaled: (code: number, line: Line) => number;
}

/** The coding of a mode. */
export function codingOf(params: MlxParams): Coding {
  return params.mode === 'affine' ? affine(params.bits) : microscaled(params.mode);
}
