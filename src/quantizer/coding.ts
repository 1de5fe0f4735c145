import type { Tape } from '../autograd/tape.ts';
import { mul } from '../ops/math/mul.ts';
import { matmul } from '../ops/matmul/matmul.ts';
import { dequantizerOf } from '../ops/quant/dequantize.ts';
import { productOf } from '../ops/quant/product.ts';
import { ternaryUnpack } from '../ops/quant/ternary_pack.ts';
import type { Format } from '../quant/format.ts';
import { blockFormats } from '../quant/registry.ts';
import type { TritPacking } from '../quant/ternary/trit-packing.ts';
import type { QuantizedWeight } from '../quant/weight.ts';
import { seam } from '../seam.ts';
import { matrixView } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** How a weight is decoded and multiplied whose parts no number format describes. */
export interface Coding {
  readonly name: string;
  /** The weight in floats, in its shape; the tape owns it. */
  readonly decode: (tape: Tape, weight: CodedWeight, layer: string) => Tensor;
  /** y = x W^T in another way than a product with the decoded weight; absent where it is that. */
  readonly multiply?: (tape: Tape, weight: CodedWeight, x: Tensor, layer: string) => Tensor;
  /** Whether that rounds x to codes, which a product with the decoded weight would leave out. */
  readonly takesCodes?: boolean;
  /**
   * Has the weight's parts follow x, by which their products round it; absent where products take
   * any x.
   */
  readonly calibrate?: (tape: Tape, weight: CodedWeight, x: Tensor, layer: string) => void;
  /** What the layer gives on of y, its bias added; absent where that is y. */
  readonly finish?: (tape: Tape, weight: CodedWeight, y: Tensor, layer: string) => Tensor;
  /** The same weight in a block format, where it is that but for its scales; the tape owns these. */
  readonly inFormat?: (tape: Tape, weight: CodedWeight, layer: string) => QuantizedWeight<Tensor>;
}

/** A weight on the device whose parts a {@link Coding} reads. */
export type CodedWeight = QuantizedWeight<Tensor, Coding>;

/** A quantized weight on the device, of a number format or a {@link Coding}. */
export type DeviceWeight = QuantizedWeight<Tensor, Format | Coding>;

/** Whether a weight is in a number format. */
function isOfFormat(weight: DeviceWeight): weight is QuantizedWeight<Tensor> {
  return 'ops' in weight.format;
}

/** Whether products with a weight round x to codes: with what it decodes to they give something else. */
export function roundsInputs(weight: DeviceWeight): boolean {
  return !isOfFormat(weight) && (weight as CodedWeight).format.takesCodes === true;
}

/** The weight in a block format, whose codes ops decode in registers; undefined where it is in none. */
export function inBlockFormat(
  tape: Tape,
  weight: DeviceWeight,
  layer: string,
): QuantizedWeight<Tensor> | undefined {
  if (isOfFormat(weight)) return blockFormats.has(weight.format.name) ? weight : undefined;
  const coded = weight as CodedWeight;
  return coded.format.inFormat?.(tape, coded, layer);
}

/** The weight in floats, in its shape; the tape owns it, and no gradient flows into it. */
export function decodedWeight(tape: Tape, weight: DeviceWeight, layer: string): Tensor {
  return tape.noGrad(() => {
    if (isOfFormat(weight)) return decodedFormat(tape, weight, layer);
    return (weight as CodedWeight).format.decode(tape, weight as CodedWeight, layer);
  });
}

/** Has a weight follow x, which it is to be multiplied with, where its products round x by a scale. */
export function calibrate(tape: Tape, weight: DeviceWeight, x: Tensor, layer: string): void {
  if (isOfFormat(weight)) return;
  const coded = weight as CodedWeight;
  tape.noGrad(() => coded.format.calibrate?.(tape, coded, x, `${layer}.calibrate`));
}

/** y [..., out] = x [..., in] W^T, without bias; the gradient of x flows. */
export const multiplied = seam(
  'quantizer.multiplied',
  (tape: Tape, weight: DeviceWeight, x: Tensor, layer: string): Tensor => {
    if (tape.calibrates) calibrate(tape, weight, x, layer);
    if (isOfFormat(weight)) {
      const { op, params } = productOf(weight);
      return tape.apply(op, { x, ...weight.parts }, params, layer).y;
    }
    const coded = weight as CodedWeight;
    const { multiply } = coded.format;
    if (multiply) return multiply(tape, coded, x, layer);
    return denseProduct(tape, decodedWeight(tape, coded, layer), x, layer);
  },
);

/**
 * What a layer of this weight gives on of y, to which its bias is added: codes of it where its outputs
 * are such, as what these decode to, else y itself.
 */
export const finished = seam(
  'quantizer.finished',
  (tape: Tape, weight: DeviceWeight, y: Tensor, layer: string): Tensor => {
    if (isOfFormat(weight)) return y;
    const coded = weight as CodedWeight;
    return coded.format.finish?.(tape, coded, y, layer) ?? y;
  },
);

/** y = x W^T of a weight in floats. */
export function denseProduct(tape: Tape, b: Tensor, a: Tensor, layer: string): Tensor {
  return tape.apply(matmul, { a, b }, { transpose_b: true }, layer).y;
}

function decodedFormat(tape: Tape, weight: QuantizedWeight<Tensor>, layer: string): Tensor {
  const { format, blocksize, shape, parts } = weight;
  const block = blockFormats.get(format.name);
  if (!block) return decodedTrits(tape, weight, layer);
  const { packed, absmax } = parts as Parts<'packed' | 'absmax'>;
  const params = { quant_type: format.name, blocksize: blocksize as number, shape };
  return tape.apply(dequantizerOf(block), { packed, absmax }, params, `${layer}.dequantize`).y;
}

/** Parts by name. */
export type Parts<Name extends string> = Readonly<Record<Name, Tensor>>;

/** Trits times the scale of all, or of their row. */
export function decodedTrits(
  tape: Tape,
  { shape, parts }: QuantizedWeight<Tensor, Pick<Format, 'name'>>,
  layer: string,
  order: TritPacking = 'low',
): Tensor {
  const { packed, scale } = parts as Parts<'packed' | 'scale'>;
  const params = { order, shape: matrixView(shape) };
  const { trits } = tape.apply(ternaryUnpack, { packed }, params, `${layer}.unpack`);
  return scaled(tape, trits, tape.view(scale, [scale.size, 1]), shape, layer);
}

/** Codes of a matrix, or what they stand for, times scales that broadcast over it, as a weight. */
export function scaled(
  tape: Tape,
  a: Tensor,
  b: Tensor,
  shape: readonly number[],
  layer: string,
): Tensor {
  return tape.view(tape.apply(mul, { a, b }, {}, `${layer}.scale`).y, shape);
}
