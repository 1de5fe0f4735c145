import type { Gpu } from '../../gpu/gpu.ts';
import type { Binding } from '../../gpu/memory.ts';
import type { Constants } from '../../gpu/pipelines.ts';
import type { Launch } from '../../gpu/recorder.ts';
import { f32, linkedShader, PADDING, spread, type UniformField, u32 } from '../../gpu/shader.ts';
import { type DType, isHalf } from '../../tensor/dtype.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { codeOf } from '../math/convert.ts';
import { chooseLaunch } from '../variants.ts';
import type { Axis, ProductPlan } from './plan.ts';
import { PRODUCT_VARIANTS, tileOf } from './tiles.ts';

/** What a loader is told of its operand. */
export interface Operand {
  /** Elements that it counts as one where it says where a matrix starts. */
  readonly unit: number;
  /** Fields of its own in the uniform struct. */
  readonly fields: readonly number[];
}

/** How A and B are read. */
export interface Loaders {
  /** Name of the text of a tile that reads them so (src/gpu/linked-modules.ts). */
  readonly link: string;
  /** Constants that the loaders are compiled with. */
  readonly constants: Constants;
  readonly left: Operand;
  readonly right: Operand;
}

/** A product as its launches are reckoned, whatever is bound to them. */
interface ReckonedProduct {
  readonly plan: Omit<ProductPlan, 'shape'>;
  readonly loaders: Loaders;
  /** What B is stored as. */
  readonly stored: DType;
  /** Shape of the images whose windows B is, if it is. */
  readonly images?: Shape | undefined;
  /** Whether there is a bias. */
  readonly isBiased: boolean;
  /** Default 1. */
  readonly scale?: number;
  /** Default 1. Nothing of the bias is read where it is 0. */
  readonly biasScale?: number;
  /** What y is stored as: f32, or halves where its rows are whole fours. */
  readonly result?: DType;
}

/** What a product is computed from, and where it is left. */
interface BoundProduct {
  /** A, B, and what else the loader of B reads. */
  readonly bindings: readonly [Binding, Binding, ...Binding[]];
  readonly bias?: Tensor | undefined;
  readonly y: Tensor;
}

/** A product on the device: y = scale * A B + biasScale * bias. */
type ProductLaunch = Omit<ReckonedProduct, 'isBiased'> & BoundProduct;

/** A launch of a product without what it binds. */
type ReckonedLaunch = Omit<Launch, 'bindings' | 'product'>;

/** Where a dimension of the grid ends. */
const MOST_WORKGROUPS = 65_535;

/** Batches in parts that a dimension of the grid has room for: the first of each, and how many. */
export function partsOfGrid(
  batch: readonly Axis[],
): readonly { readonly first: number; readonly count: number }[] {
  const batches = sizeOf(batch.map(({ size }) => size));
  return Array.from({ length: Math.ceil(batches / MOST_WORKGROUPS) }, (_, part) => {
    const first = part * MOST_WORKGROUPS;
    return { first, count: Math.min(MOST_WORKGROUPS, batches - first) };
  });
}

/** The four batch axes that kernels have; those that a product lacks have size 1. */
export function axesOf(batch: readonly Axis[]): readonly Axis[] {
  const one: Axis = { size: 1, a: 0, b: 0, bias: 0 };
  return [...Array<Axis>(4 - batch.length).fill(one), ...batch];
}

/** Launches a product with the tile that suits it in an op that runs as `asked`. */
export function launchProduct(gpu: Gpu, product: ProductLaunch, asked: string): void {
  const isBiased = product.bias !== undefined;
  dispatchProduct(gpu, productLaunches(gpu, { ...product, isBiased }, asked), product);
}

/** The launches of a product: one, unless its batches are more than a grid has room for. */
export function productLaunches(
  gpu: Gpu,
  product: ReckonedProduct,
  asked: string,
): readonly ReckonedLaunch[] {
  const { plan, loaders, result = 'f32' } = product;
  const { row, col, k } = plan;
  const operands = {
    b: { dtype: product.stored, shape: product.images ?? [k.size, col.size] },
    y: { dtype: 'f32', shape: [row.size, col.size] },
  } as const;
  const choice = chooseLaunch(gpu, PRODUCT_VARIANTS, asked, operands, row.size);
  const { shaders, rows, cols, perGroup, constants } = tileOf(choice.variant, choice.sizes);
  const tiles = Math.ceil(col.size / cols);
  const groups = spread(Math.ceil((tiles * Math.ceil(row.size / rows)) / perGroup));
  return partsOfGrid(plan.batch).map(({ first, count }) => ({
    shader: linkedShader(shaders, loaders.link),
    constants: {
      ...constants,
      ...loaders.constants,
      ...(isHalf(result) ? { STORAGE_Y: codeOf(result) } : {}),
    },
    uniforms: uniformsOf(product, tiles, first),
    workgroups: [groups[0], groups[1], count],
    flops: 2 * row.size * col.size * k.size * count,
  }));
}

/** Dispatches what {@link productLaunches} reckoned. */
export function dispatchProduct(
  gpu: Gpu,
  launches: readonly ReckonedLaunch[],
  { bindings: [a, b, ...others], bias, y }: BoundProduct,
): void {
  const bindings = [a, b, bias?.binding ?? a, y.words(), ...others];
  // What follows goes on from what is stored, and an epilogue from the sums.
  const isWhole = launches.length === 1 && !isHalf(y.dtype);
  const whole = isWhole ? { product: { count: y.size, y: 3 } } : {};
  for (const launch of launches) gpu.dispatch({ ...launch, bindings, ...whole });
}

/** The struct of matmul/product. */
function uniformsOf(
  { plan, loaders: { left, right }, isBiased, scale = 1, biasScale = 1 }: ReckonedProduct,
  tiles: number,
  first: number,
): UniformField[] {
  const { batch, row, col, k } = plan;
  const axes = axesOf(batch);
  const hasBias = isBiased && biasScale !== 0;
  const numbers = [
    ...axes.map(({ size }) => size),
    ...axes.map(({ a }) => a / left.unit),
    ...axes.map(({ b }) => b / right.unit),
    ...axes.map((axis) => axis.bias),
    ...[row.size, col.size, k.size, row.bias, col.bias, Number(hasBias), tiles, first],
  ];
  return [
    ...[...numbers.map(u32), f32(scale), f32(biasScale), PADDING, PADDING],
    ...struct(left.fields),
    ...struct(right.fields),
  ];
}

/** A struct in the struct, whose next member starts at a multiple of 16 bytes. */
function struct(fields: readonly number[]): UniformField[] {
  const rest = Math.ceil(fields.length / 4) * 4 - fields.length;
  return [...fields.map(u32), ...Array<UniformField>(rest).fill(PADDING)];
}
