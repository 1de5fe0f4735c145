import type { Gpu } from '../../gpu/gpu.ts';
import type { Binding } from '../../gpu/memory.ts';
import type { Constants } from '../../gpu/pipelines.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { type Loaders, launchProduct } from './launch-product.ts';
import type { ProductPlan } from './plan.ts';
import { leftOf } from './product.ts';

/** A weight [out_features, in_features] that a loader decodes. */
export interface CodedOperand {
  /** What is to blame where x does not fit. */
  readonly op: string;
  /** Codes, and what else the loader reads. */
  readonly bindings: readonly [codes: Tensor, ...others: Tensor[]];
  readonly out_features: number;
  readonly in_features: number;
  /** True for y = x W^T, false for y = x W. */
  readonly transpose_weight: boolean;
  /** What the product is multiplied by. Default 1. */
  readonly scale?: number;
}

/** One whose loader decodes four elements of a row at a time. */
interface DecodedWeight extends CodedOperand {
  /** Its link, with rows of x in fours; `strided_` before it names the one without. */
  readonly loader: string;
  /** What the loader is compiled with, and told, beside the way in which the weight lies. */
  readonly constants: Constants;
  readonly fields: readonly number[];
}

/** x W^T, or x W, with the tile of `variant`. Throws ShapeError where x does not fit. */
export function multiplyDecoded(
  gpu: Gpu,
  weight: DecodedWeight,
  x: Tensor,
  variant: string,
): Tensor {
  const { loader, constants, fields, transpose_weight } = weight;
  return multiplyLoaded(gpu, weight, x, variant, (plan) => {
    const left = leftOf(plan);
    return {
      link: left.unit === 4 ? loader : `strided_${loader}`,
      constants: { ...constants, ALONG_TERMS: Number(transpose_weight) },
      left,
      right: { unit: 1, fields },
    };
  });
}

/** The same with the loaders that suit the product. */
export function multiplyLoaded(
  gpu: Gpu,
  weight: CodedOperand,
  x: Tensor,
  variant: string,
  loadersOf: (plan: Omit<ProductPlan, 'shape'>) => Loaders,
): Tensor {
  const { bindings, out_features, in_features, transpose_weight, scale = 1 } = weight;
  const batch = rowsOf(weight, x);
  const [terms, cols] = transpose_weight
    ? [in_features, out_features]
    : [out_features, in_features];
  const y = Tensor.empty(gpu, 'f32', [...batch, cols]);
  const plan = {
    batch: [],
    row: { size: sizeOf(batch), a: terms, b: 0, bias: 0 },
    col: { size: cols, a: 0, b: 0, bias: 0 },
    k: { size: terms, a: 1, b: 0 },
  };
  const bound = { bindings: boundTo(x, weight), stored: bindings[0].dtype, y };
  launchProduct(gpu, { plan, loaders: loadersOf(plan), scale, ...bound }, variant);
  return y;
}

/** Dimensions of x that are rows. Throws ShapeError where x has none, or does not fit a weight. */
export function rowsOf(
  { op, out_features, in_features, transpose_weight }: CodedOperand,
  { size, shape }: Tensor,
): Shape {
  if (size === 0 || shape.at(-1) !== (transpose_weight ? in_features : out_features))
    throw new ShapeError(
      `${op}: x ${formatShape(shape)} does not fit a weight of ${out_features} x ${in_features}`,
    );
  return shape.slice(0, -1);
}

/** What a product with a weight binds. */
export function boundTo(
  x: Tensor,
  { bindings: [codes, ...others] }: CodedOperand,
): readonly [Binding, Binding, ...Binding[]] {
  return [x.binding, codes.binding, ...others.map(({ binding }) => binding)];
}
