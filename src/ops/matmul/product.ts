import integerShader from '../../../shaders/matmul/integer_matmul.wgsl';
import shader from '../../../shaders/matmul/matmul.wgsl';
import f16Shader from '../../../shaders/matmul/matmul_f16.wgsl';
import subgroupShader from '../../../shaders/matmul/matmul_subgroup.wgsl';
import tiledShader from '../../../shaders/matmul/matmul_tiled.wgsl';
import { type Gpu, hasFewLanes } from '../../gpu/gpu.ts';
import type { Constants } from '../../gpu/pipelines.ts';
import { f32, type Shader, spread, type UniformField, u32 } from '../../gpu/shader.ts';
import { isHalf } from '../../tensor/dtype.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { F16, readAs } from '../math/convert.ts';
import {
  chooseLaunch,
  chooseVariant,
  type LaunchVariant,
  type Situation,
  type Variant,
} from '../variants.ts';
import { type Axis, type ProductPlan, planProduct } from './plan.ts';

/** Operands of a product as the kernels see them; y is [rows, columns] of one batch. */
type Operand = 'a' | 'b' | 'y';

/**
 * Rows or columns of y up to which a tile of 64 x 64 would be mostly empty: vectors, and the
 * low-rank products of LoRA.
 */
const NARROW = 8;

/**
 * Ways to multiply. Every sum is kept by one invocation, which adds all terms: c is their number.
 * Operands in halves are read as they are stored: `register` does so on every adapter, the others
 * load f16 natively where the adapter can, with the same bits.
 */
export const PRODUCT_VARIANTS = {
  register: { kernels: ['matmul/matmul'], depth: (terms) => terms },
  subgroup: {
    kernels: ['matmul/matmul_subgroup', 'matmul/matmul', 'matmul/matmul_f16'],
    depth: (terms) => terms,
    needs: ['subgroups'],
    prefers: hasFewLanes,
    takes: isFloat32,
    sizes: ({ operands: { y } }) => ({ ROWS: rowsOfLane(y.shape[0] as number) }),
  },
  tiled: {
    kernels: ['matmul/matmul_tiled', 'matmul/matmul', 'matmul/matmul_f16'],
    depth: (terms) => terms,
    prefers: (machine) => !hasFewLanes(machine),
    takes: (launch) => isFloat32(launch) && Math.min(...launch.operands.y.shape) > NARROW,
  },
} as const satisfies Readonly<Record<string, LaunchVariant<Operand>>>;

/**
 * Kernels for operands in halves, which both take in the order of `register`: `native` loads f16
 * itself, and the other reads words.
 */
export const HALVES_VARIANTS = {
  words: { kernels: ['matmul/matmul'], depth: (terms) => terms },
  native: {
    kernels: ['matmul/matmul_f16'],
    depth: (terms) => terms,
    needs: ['shader-f16'],
    prefers: ({ operands }) => Object.values(operands).every(({ dtype }) => readAs(dtype) === F16),
  },
} as const satisfies Readonly<Record<string, Variant>>;

function isFloat32({ operands: { a, b } }: Situation<Operand>): boolean {
  return !isHalf(a.dtype) && !isHalf(b.dtype);
}

/** A product to compute, of floats or of i32: y = scale * op(a) op(b) + biasScale * bias. */
export interface Product {
  readonly a: Tensor;
  readonly b: Tensor;
  /** The bias: any shape that broadcasts to y. */
  readonly bias?: Tensor | undefined;
  readonly transpose_a?: boolean | undefined;
  readonly transpose_b?: boolean | undefined;
  /** Default 1. */
  readonly scale?: number;
  /** Default 1. Nothing of the bias is read where it is 0. */
  readonly biasScale?: number;
  /** Shape of the result, if not torch.matmul's; of the same size. */
  readonly shape?: Shape;
}

/** Where a dimension of the grid ends. */
const MOST_WORKGROUPS = 65_535;

/**
 * Computes a product with the kernel of `variant`. Throws ShapeError when the operands do not fit.
 */
export function multiply(gpu: Gpu, product: Product, variant: string): Tensor {
  const { a, b, bias, scale = 1, biasScale = 1 } = product;
  const plan = planProduct({ ...product, a: a.shape, b: b.shape, bias: bias?.shape });
  const isInteger = a.dtype === 'i32';
  const y = Tensor.empty(gpu, isInteger ? 'i32' : 'f32', product.shape ?? plan.shape);
  const kernel = kernelFor(gpu, product, variant, plan);
  const tiles = Math.ceil(plan.col.size / kernel.cols / kernel.padding) * kernel.padding;
  const [x, yGroups] = spread(
    Math.ceil((tiles * Math.ceil(plan.row.size / kernel.rows)) / kernel.tilesPerGroup),
  );
  const batches = sizeOf(plan.batch.map(({ size }) => size));
  for (let first = 0; first < batches; first += MOST_WORKGROUPS) {
    const count = Math.min(MOST_WORKGROUPS, batches - first);
    gpu.dispatch({
      shader: kernel.shader,
      ...(kernel.constants ? { constants: kernel.constants } : {}),
      bindings: [a.binding, b.binding, (bias ?? a).binding, y.binding],
      uniforms: uniformsOf(plan, {
        tiles,
        first,
        hasBias: bias !== undefined && biasScale !== 0,
        scales: [scale, biasScale],
      }),
      workgroups: [x, yGroups, count],
      flops: 2 * plan.row.size * plan.col.size * plan.k.size * count,
      // Captured steps go on from floats alone.
      ...(count === batches && !isInteger ? { product: { count: y.size } } : {}),
    });
  }
  return y;
}

/** A kernel and how it cuts y into tiles. */
interface Kernel {
  readonly shader: Shader;
  readonly constants?: Constants;
  /** Rows and columns of a tile. */
  readonly rows: number;
  readonly cols: number;
  /** Tiles that a workgroup computes, and what their number in a row is a multiple of. */
  readonly tilesPerGroup: number;
  readonly padding: number;
}

/** The kernel that computes a product in an op that runs as `asked`. */
function kernelFor(gpu: Gpu, product: Product, asked: string, plan: ProductPlan): Kernel {
  const { a, b, scale = 1, biasScale = 1 } = product;
  if (a.dtype === 'i32') {
    const constants = { ALPHA: scale, BETA: biasScale };
    return { shader: integerShader, constants, rows: 1, cols: 1, tilesPerGroup: 64, padding: 1 };
  }
  const y = { dtype: 'f32', shape: [plan.row.size, plan.col.size] } as const;
  const { variant, sizes } = chooseLaunch(gpu, PRODUCT_VARIANTS, asked, { a, b, y });
  if (variant === 'tiled')
    return { shader: tiledShader, rows: 64, cols: 64, tilesPerGroup: 1, padding: 1 };
  const lanes = { cols: 4, tilesPerGroup: 64 };
  if (variant === 'subgroup') {
    // Lanes of a quad share their rows, so a row of tiles is padded to whole quads.
    const rows = sizes['ROWS'] as number;
    const constants = { ROWS: rows, LOAD_B: loadOfB(plan) };
    return { ...lanes, shader: subgroupShader, constants, rows, padding: 4 };
  }
  return { ...lanes, ...readerOf(gpu, { a, b }, asked), rows: 4, padding: 1 };
}

/** The kernel of `register`, or for operands in halves one that reads them as they are stored. */
function readerOf(
  gpu: Gpu,
  { a, b }: Pick<Product, 'a' | 'b'>,
  asked: string,
): Pick<Kernel, 'shader' | 'constants'> {
  if (!isHalf(a.dtype) && !isHalf(b.dtype)) return { shader };
  if (asked !== 'register' && chooseVariant(gpu, HALVES_VARIANTS, { a, b }) === 'native')
    return { shader: f16Shader };
  return { shader, constants: { STORAGE_A: readAs(a.dtype), STORAGE_B: readAs(b.dtype) } };
}

/**
 * Rows that one lane of a subgroup kernel computes: the more, the more often a loaded weight is
 * used; no more than there are.
 */
export function rowsOfLane(m: number): number {
  return m > 8 ? 16 : m > 4 ? 8 : 4;
}

/** Which dimension of b a kernel may read four elements at a time: 1 columns, 2 terms, 0 none. */
function loadOfB({ col, k }: ProductPlan): number {
  if (col.b === 1 && col.size % 4 === 0) return 1;
  return k.b === 1 && k.size % 4 === 0 ? 2 : 0;
}

/** A batch axis that is not there. */
const ONE: Axis = { size: 1, a: 0, b: 0, bias: 0 };

function uniformsOf(
  { batch, row, col, k }: ProductPlan,
  launch: {
    readonly tiles: number;
    readonly first: number;
    readonly hasBias: boolean;
    readonly scales: readonly number[];
  },
): UniformField[] {
  const fields: UniformField[] = [];
  const missing = 4 - batch.length;
  for (const of of ['size', 'a', 'b', 'bias'] as const)
    for (let i = 0; i < 4; i++) fields.push(u32((batch[i - missing] ?? ONE)[of]));
  for (const number of [row.size, col.size, k.size, row.a, k.a, k.b, col.b, row.bias, col.bias])
    fields.push(u32(number));
  for (const number of [Number(launch.hasBias), launch.tiles, launch.first])
    fields.push(u32(number));
  for (const scale of launch.scales) fields.push(f32(scale));
  return fields;
}
