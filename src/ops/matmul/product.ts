import { type Gpu, hasFewLanes } from '../../gpu/gpu.ts';
import type { Constants } from '../../gpu/pipelines.ts';
import { Scope } from '../../gpu/scope.ts';
import { type DType, isHalf } from '../../tensor/dtype.ts';
import type { Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { convert, F16, readAs } from '../math/convert.ts';
import { dispatchProduct, type Loaders, type Operand, productLaunches } from './launch-product.ts';
import { type ProductPlan, planProduct } from './plan.ts';

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
  /** What the result is to be stored as; float32 where it is no half, or its rows are no whole fours. */
  readonly dtype?: DType | undefined;
}

/**
 * With few lanes, an operand in halves is unpacked before the product if each of its elements is
 * used so often. Measured on SwiftShader.
 */
const OFTEN = 16;

/**
 * Computes a product with the tile of `variant`; operands in halves are read as they are stored, but
 * where unpacking them once is faster. Throws ShapeError when the operands do not fit.
 */
export function multiply(gpu: Gpu, product: Product, variant: string): Tensor {
  const { bias } = product;
  const { plan, launches } = reckonedOf(gpu, product, variant);
  const launched = ({ a, b }: Operands) => {
    const y = Tensor.empty(gpu, resultOf(product, plan), product.shape ?? plan.shape);
    dispatchProduct(gpu, launches(a, b), { bindings: [a.binding, b.binding], bias, y });
    return y;
  };
  if (!isHalf(product.a.dtype) && !isHalf(product.b.dtype)) return launched(product);
  using scope = new Scope();
  return launched(unpackedOnce(gpu, scope, product, plan, variant));
}

function resultOf({ dtype }: Product, { col }: ProductPlan): DType {
  return dtype && isHalf(dtype) && col.size % 4 === 0 ? dtype : 'f32';
}

/** What is known of a product before its tensors are looked at but for shapes and types. */
interface Reckoned {
  readonly plan: ProductPlan;
  /** Of the operands as they are multiplied: in halves, or unpacked. */
  readonly launches: (a: Tensor, b: Tensor) => ReturnType<typeof productLaunches>;
}

/** Reckoned products that a device keeps at most: shapes that never come again must not pile up. */
const MOST_KEPT = 1024;

/** By device what was reckoned of its products by its tuning table, and by which row of it. */
const reckoned = new WeakMap<Gpu, { tuned: Gpu['tuned']; products: Map<string, Reckoned> }>();

/** A step makes the same products each time: what takes the host longest about them is kept. */
function reckonedOf(gpu: Gpu, product: Product, variant: string): Reckoned {
  const { a, b, bias, transpose_a, transpose_b, scale = 1, biasScale = 1 } = product;
  let kept = reckoned.get(gpu);
  if (!kept || kept.tuned !== gpu.tuned || kept.products.size >= MOST_KEPT) {
    kept = { tuned: gpu.tuned, products: new Map() };
    reckoned.set(gpu, kept);
  }
  const row = gpu.decidedBy ? gpu.tuned.indexOf(gpu.decidedBy) : '';
  const key = `${row} ${variant} ${a.shape} ${b.shape} ${bias?.shape} ${transpose_a} ${transpose_b} ${scale} ${biasScale} ${product.dtype}`;
  let found = kept.products.get(key);
  if (!found) {
    const shapes = { a: a.shape, b: b.shape, bias: bias?.shape };
    const plan = planProduct({ ...shapes, transpose_a, transpose_b });
    const byTypes = new Map<string, ReturnType<typeof productLaunches>>();
    const launches: Reckoned['launches'] = (left, right) => {
      const types = `${left.dtype} ${right.dtype}`;
      let made = byTypes.get(types);
      if (!made) {
        const loaders = loadersOf(gpu, { a: left, b: right }, plan, variant);
        const isBiased = bias !== undefined;
        const result = resultOf(product, plan);
        const whole = { plan, loaders, stored: right.dtype, isBiased, scale, biasScale, result };
        made = productLaunches(gpu, whole, variant);
        byTypes.set(types, made);
      }
      return made;
    };
    found = { plan, launches };
    kept.products.set(key, found);
  }
  return found;
}

/** What is multiplied. */
type Operands = Pick<Product, 'a' | 'b'>;

/**
 * The operands, those in halves as float32 where kernels would unpack each element over and over:
 * that takes as long as several products of it. What is made belongs to `scope`.
 */
function unpackedOnce(
  gpu: Gpu,
  scope: Scope,
  { a, b }: Operands,
  { row, col }: ProductPlan,
  variant: string,
): Operands {
  return {
    a: unpacked(gpu, scope, a, { beside: [b], uses: col.size, variant }),
    b: unpacked(gpu, scope, b, { beside: [a], uses: row.size, variant }),
  };
}

/** How products read an operand. */
interface Reads {
  /** The other operand of each. */
  readonly beside: readonly Tensor[];
  /** How often each reads an element. */
  readonly uses: number;
  readonly variant: string;
}

/**
 * An operand of one product or of several, in halves as float32 where each of them would unpack it.
 * What is made belongs to `scope`.
 */
export function unpacked(
  gpu: Gpu,
  scope: Scope,
  operand: Tensor,
  { beside, uses, variant }: Reads,
): Tensor {
  const isUnpacked =
    isHalf(operand.dtype) &&
    uses >= OFTEN &&
    hasFewLanes(gpu) &&
    !beside.some((other) => areNativeHalves(gpu, [operand, other], variant));
  return isUnpacked ? scope.add(convert(gpu, operand, 'f32')) : operand;
}

/**
 * How the operands are read: four elements at a time where they lie so, else by strides. All ways
 * give the same bits, but for columns of A by lanes of a quad: in a sum its terms are added in the
 * order in which they reach a lane, four by four.
 */
function loadersOf(gpu: Gpu, { a, b }: Operands, plan: ProductPlan, variant: string): Loaders {
  if (!isHalf(a.dtype) && !isHalf(b.dtype)) return floatLoaders(plan, variant);
  const left = leftOf(plan);
  const right = rightOf(plan);
  const strided = { left: stridedLeft(plan), right: stridedRight(plan) };
  if (!areNativeHalves(gpu, [a, b], variant)) {
    const constants = { STORAGE_A: readAs(a.dtype), STORAGE_B: readAs(b.dtype) };
    return { link: 'words', constants, ...strided };
  }
  return left.unit === 4 && right.unit === 4
    ? { link: 'f16_fours', constants: right.constants, left, right }
    : { link: 'f16', constants: {}, ...strided };
}

/** How operands in f32 are read by the tile of `variant`. */
export function floatLoaders(plan: Lines, variant: string): Loaders {
  if (variant === 'subgroup' && isByTerms(plan)) {
    const { a, b } = plan.k;
    const left = { unit: 4, fields: [inFours(a)] };
    const right = { unit: 4, fields: [inFours(b)] };
    return { link: 'columns', constants: { BY_TERMS: 1 }, left, right };
  }
  const { constants, ...right } = rightOf(plan);
  const left = leftOf(plan);
  const link = left.unit === right.unit ? nameOf(left) : `${nameOf(left)}_${nameOf(right)}`;
  return { link, constants, left, right };
}

/** Whether A lies as left/columns has it, and B as right/turned. A single row has another tile. */
function isByTerms({ row, col, k }: Lines): boolean {
  const isDense = row.a === 1 && row.size > 1 && col.b === 1;
  return isDense && [row.size, col.size, k.a, k.b].every((size) => size % 4 === 0);
}

const nameOf = ({ unit }: Operand): string => (unit === 4 ? 'fours' : 'strided');

type Lines = Pick<ProductPlan, 'row' | 'col' | 'k'>;

/** Rows of A as left/fours has them, else by strides. */
export function leftOf(plan: Pick<ProductPlan, 'row' | 'k'>): Operand {
  const { row, k } = plan;
  const isDense = k.a === 1 && k.size % 4 === 0;
  return isDense ? { unit: 4, fields: [inFours(row.a)] } : stridedLeft(plan);
}

function stridedLeft({ row, k }: Pick<ProductPlan, 'row' | 'k'>): Operand {
  return { unit: 1, fields: [row.a, k.a] };
}

/** Rows or columns of B as right/fours has them, else by strides. */
function rightOf(plan: Lines): Operand & { readonly constants: Constants } {
  const { col, k } = plan;
  if (col.b === 1 && col.size % 4 === 0)
    return { unit: 4, fields: [inFours(k.b)], constants: { ALONG_TERMS: 0 } };
  if (k.b === 1 && k.size % 4 === 0)
    return { unit: 4, fields: [inFours(col.b)], constants: { ALONG_TERMS: 1 } };
  return { ...stridedRight(plan), constants: {} };
}

/** A stride in fours; of a single line, which has no next, it does not matter. */
function inFours(stride: number): number {
  return Math.floor(stride / 4);
}

function stridedRight({ col, k }: Lines): Operand {
  return { unit: 1, fields: [k.b, col.b] };
}

/**
 * Whether the kernel loads halves itself: of f16, where the adapter can. `register` reads words on
 * every adapter.
 */
function areNativeHalves(gpu: Gpu, operands: readonly Tensor[], variant: string): boolean {
  return (
    variant !== 'register' &&
    gpu.features.has('shader-f16') &&
    operands.every(({ dtype }) => readAs(dtype) === F16)
  );
}
