import quadShaders from '../../../shaders/matmul/quad.wgsl?links';
import registerShaders from '../../../shaders/matmul/register.wgsl?links';
import splitShaders from '../../../shaders/matmul/split.wgsl?links';
import workgroupShaders from '../../../shaders/matmul/workgroup.wgsl?links';
import { hasFewLanes } from '../../gpu/gpu.ts';
import type { Constants } from '../../gpu/pipelines.ts';
import type { LinkedShaders } from '../../gpu/shader.ts';
import { type DType, isFloat } from '../../tensor/dtype.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { LaunchVariant, Machine } from '../variants.ts';

/**
 * What a choice of a tile looks at: what B is read from, a matrix or images, and y as
 * [rows, columns] of one batch.
 */
export type TileOperand = 'b' | 'y';

/**
 * Rows or columns of y up to which a tile of 32 x 32 would be mostly empty: vectors, and the
 * low-rank products of LoRA.
 */
const NARROW = 8;

/**
 * Square tiles by their sides and the span of an invocation, and how many tiles of the first a result
 * has from which each is faster: what has fewer keeps no chip busy, and shares sums out instead.
 * Measured on an H100 (docs/decisions/0081-sums-of-known-length.md).
 */
const SQUARES = [
  { side: 32, span: 1, from: 200 },
  { side: 64, span: 1, from: 1000 },
  { side: 64, span: 2, from: 4000 },
] as const;

/** Columns of a tile whose sums are shared out. */
const SHARED = 16;

/**
 * Ways to cut a product into tiles, and the row of choices by shape. c is at most the number of
 * terms: every sum is kept by one invocation, or shared by several.
 */
export const PRODUCT_VARIANTS = {
  register: {
    kernels: ['matmul/register'],
    depth: (terms) => terms,
    sizes: ({ operands: { y }, ...machine }) => ({
      ROWS: y.shape[0] === 1 ? 1 : 4,
      LANES: lanesOf(machine),
    }),
    offers: { LANES: [16, 32, 64, 128] },
  },
  subgroup: {
    kernels: ['matmul/quad', 'matmul/register'],
    depth: (terms) => terms,
    needs: ['subgroups'],
    takes: ({ operands: { y } }) => y.shape[0] !== 1,
    sizes: ({ operands: { b, y } }) => ({ ROWS: rowsOfQuad(y.shape[0] as number, b) }),
    offers: { ROWS: [4, 8, 16, 32] },
  },
  tiled: {
    kernels: ['matmul/workgroup', 'matmul/split'],
    depth: (terms) => terms,
    sizes: ({ operands: { y } }) => ({ ...squareOf(y.shape), ROWS: y.shape[0] === 1 ? 1 : 4 }),
    offers: { TILE: [32, 64], SPAN: [1, 2] },
  },
} as const satisfies Readonly<Record<string, LaunchVariant<TileOperand>>>;

export type TileName = keyof typeof PRODUCT_VARIANTS;

/**
 * Rows of a quad: the more, the more often a loaded column is used; no more than there are. Of more
 * than 16 only columns gain that are decoded, or are windows of images.
 */
function rowsOfQuad(m: number, b: { readonly dtype: DType; readonly shape: Shape }): number {
  const isMatrix = isFloat(b.dtype) && b.shape.length === 2;
  if (m > 16 && !isMatrix) return 32;
  return m > 8 ? 16 : m > 4 ? 8 : 4;
}

/** The columns of a tile that suits a result of this shape, and the span of its invocations. */
function squareOf(shape: Shape): { readonly TILE: number; readonly SPAN: number } {
  const count = shape.reduce((tiles, size) => tiles * Math.ceil(size / SQUARES[0].side), 1);
  const square = SQUARES.findLast(({ from }) => count >= from);
  return square && Math.min(...shape) > NARROW
    ? { TILE: square.side, SPAN: square.span }
    : { TILE: SHARED, SPAN: 1 };
}

/** Small workgroups where there are few lanes, so that none waits while others compute. */
function lanesOf(machine: Pick<Machine, 'widestSubgroup'>): number {
  return hasFewLanes(machine) ? 16 : 64;
}

/** A kernel and how it cuts y into tiles. */
export interface Tile {
  readonly shaders: LinkedShaders;
  readonly constants: Constants;
  /** Rows and columns of a tile. */
  readonly rows: number;
  readonly cols: number;
  /** Tiles that a workgroup computes. */
  readonly perGroup: number;
}

/** The tile of a variant with the sizes that were chosen for it. */
export function tileOf(variant: TileName, sizes: Constants): Tile {
  const { ROWS: rows = 0, LANES: lanes = 0, TILE: side = 0, SPAN: span = 1 } = sizes;
  switch (variant) {
    case 'register':
      return { shaders: registerShaders, constants: sizes, rows, cols: 4, perGroup: lanes };
    case 'subgroup':
      return { shaders: quadShaders, constants: sizes, rows, cols: 16, perGroup: 4 };
    case 'tiled':
      return side === SHARED
        ? { shaders: splitShaders, constants: { ROWS: rows }, rows, cols: side, perGroup: 1 }
        : { ...squareTile(side, span), perGroup: 1 };
  }
}

/** A tile through workgroup memory, with slabs of as many blocks as it has invocations. */
function squareTile(side: number, span: number): Omit<Tile, 'perGroup'> {
  const constants = { TILE: side, SPAN: span, FOURS: side / (8 * span * span) };
  return { shaders: workgroupShaders, constants, rows: side, cols: side };
}
