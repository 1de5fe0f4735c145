import type { Tape } from '../../../autograd/tape.ts';
import type { Gpu } from '../../../gpu/gpu.ts';
import { loraLinear } from '../../../ops/lora/lora_linear.ts';
import { add } from '../../../ops/math/add.ts';
import { div } from '../../../ops/math/div.ts';
import { mul } from '../../../ops/math/mul.ts';
import { sub } from '../../../ops/math/sub.ts';
import { matmul } from '../../../ops/matmul/matmul.ts';
import { isQuantized, type QuantizedWeight } from '../../../quant/weight.ts';
import {
  type DeviceWeight,
  denseProduct,
  inBlockFormat,
  multiplied,
  roundsInputs,
} from '../../../quantizer/coding.ts';
import { seam } from '../../../seam.ts';
import { hostTensorFrom } from '../../../tensor/host.ts';
import { Tensor } from '../../../tensor/tensor.ts';
import { frozenInputs } from '../../../vocabulary/lora/frozen-weight.ts';
import type { loraLinear as loraSignature } from '../../../vocabulary/lora/lora_linear.ts';
import type { GivenParams } from '../../../vocabulary/signature.ts';
import type { Layers } from '../../layers.ts';

/** Parameters of `lora_linear`, but for what the base tells. */
export type LoraParams = GivenParams<typeof loraSignature>;

/** How a linear is adapted. */
export interface LinearAdapter extends LoraParams {
  /** Probability that an element of what lora_A gets is dropped in training. Default 0. */
  readonly dropout?: number;
  /**
   * Whether the update is computed by products of its own beside those of the base, and not by the
   * one op that does both. Default where something is dropped; DoRA has no update by itself. Over a
   * base that rounds x to codes both have products of their own.
   */
  readonly apart?: boolean;
  /** Whether lora_B has a bias, which the update's factor scales too. Default no. */
  readonly lora_bias?: boolean;
}

/** The trained tensors of an adapter. */
export interface AdapterTensors {
  readonly lora_A: Tensor;
  readonly lora_B: Tensor;
  readonly lora_bias?: Tensor | undefined;
  readonly magnitude?: Tensor | undefined;
}

/** A linear of a model, and what adapts it. */
interface AdaptedLinear {
  readonly adapter: LinearAdapter;
  readonly tensors: AdapterTensors;
  readonly weight: Tensor | DeviceWeight;
  /** Whether a gradient flows to its bias. */
  readonly trainsBias: boolean;
  /** The number 1, f32 [1, 1]; there where an adapter has a bias. */
  readonly one?: Tensor | undefined;
}

/**
 * y = x W^T + s (dropout(x) A^T B^T (+ b)) (+ bias), W frozen and perhaps quantized, by PEFT's rule of
 * s; with DoRA the columns of it are rescaled.
 */
export function adaptedLinear(
  tape: Tape,
  layers: Layers,
  name: string,
  x: Tensor,
  linear: AdaptedLinear,
): Tensor {
  const y = withUpdate(tape, layers, name, x, linear);
  const { adapter, tensors, one } = linear;
  if (!tensors.lora_bias || !one) return y;
  const b = adapterBias(tape, name, { bias: tensors.lora_bias, scale: scaleOf(adapter), one });
  return tape.apply(add, { a: y, b }, {}, `${name}.lora_bias`).y;
}

/** Base and the product of the adapter's matrices. */
function withUpdate(
  tape: Tape,
  layers: Layers,
  name: string,
  x: Tensor,
  linear: AdaptedLinear,
): Tensor {
  const { adapter, tensors, weight, trainsBias } = linear;
  const { dropout = 0, use_dora = false, apart = dropout > 0 && !use_dora } = adapter;
  const ofCodes = isQuantized(weight) && roundsInputs(weight);
  if (apart || (ofCodes && !use_dora)) return besideBase(tape, layers, name, x, adapter, tensors);
  if (ofCodes) return doraOfCodes(tape, layers, name, x, { ...linear, weight });
  if (use_dora && dropout > 0) return droppedDora(tape, layers, name, x, linear);
  // The op has no gradient of its bias.
  const inner = trainsBias ? undefined : layers.biasOf(name);
  const { y } = together(tape, layers, name, x, linear, inner);
  return trainsBias ? layers.addBias(name, y) : y;
}

/** Base and update by one op; of DoRA with the lengths of the merged rows. */
function together(
  tape: Tape,
  layers: Layers,
  name: string,
  x: Tensor,
  { adapter: { dropout, apart, lora_bias, ...params }, tensors, weight }: AdaptedLinear,
  bias?: Tensor,
) {
  const frozen = frozenInputs(baseOf(tape, layers, name, weight));
  const { lora_bias: _, ...matrices } = tensors;
  const inputs = { x, ...matrices, bias, ...frozen.tensors };
  return tape.apply(loraLinear, inputs, { ...params, ...frozen.params }, name);
}

/**
 * DoRA of what is dropped, d = dropout(x), beside the base of all of x, as PEFT's DoraLinearVariant
 * has it: W x + b + (m / n - 1) W d + m / n s B A d, in which W x - W d is one product.
 */
function droppedDora(
  tape: Tape,
  layers: Layers,
  name: string,
  x: Tensor,
  linear: AdaptedLinear,
): Tensor {
  const d = layers.dropout(`${name}.lora_dropout`, x, linear.adapter.dropout as number);
  const { y: a } = together(tape, layers, name, d, linear);
  if (d === x) return layers.addBias(name, a);
  const rest = tape.apply(sub, { a: x, b: d }, {}, `${name}.kept`).y;
  return tape.apply(add, { a, b: layers.linear(name, rest) }, {}, `${name}.residual`).y;
}

/**
 * DoRA over a base that rounds x to codes, as PEFT's DoraLinearVariant has it over the product of
 * such a base: m / n (W x + s B A x) + b. Where d = dropout(x) lacks something that is W x + b +
 * (m / n - 1) W' d + m / n s B A d, where W' is what the codes stand for; n is of W' in either.
 */
function doraOfCodes(
  tape: Tape,
  layers: Layers,
  name: string,
  x: Tensor,
  { weight, ...linear }: AdaptedLinear & { readonly weight: DeviceWeight },
): Tensor {
  const { adapter, tensors } = linear;
  const { dropout = 0 } = adapter;
  const d = dropout > 0 ? layers.dropout(`${name}.lora_dropout`, x, dropout) : x;
  const decoded = layers.weight(name);
  if (d !== x) {
    const { y: a } = together(tape, layers, name, d, { ...linear, weight: decoded });
    const b = denseProduct(tape, decoded, d, `${name}.dropped`);
    const rest = tape.apply(sub, { a, b }, {}, `${name}.rest`).y;
    return tape.apply(add, { a: layers.linear(name, x), b: rest }, {}, `${name}.residual`).y;
  }
  const base = multiplied(tape, weight, x, name);
  const a = updated(tape, name, x, base, adapter, tensors);
  // Any x that fits will do: the lengths are asked for alone.
  const { norm } = tape.noGrad(() =>
    together(tape, layers, `${name}.norm`, tensors.lora_A, { ...linear, weight: decoded }),
  );
  const lengths = { a: tensors.magnitude as Tensor, b: norm as Tensor };
  const { y: b } = tape.apply(div, lengths, {}, `${name}.gain`);
  return layers.addBias(name, tape.apply(mul, { a, b }, {}, `${name}.rescale`).y);
}

/** The weight below an adapter: as it is stored where the op decodes it in registers. */
const baseOf = seam(
  'nn.llama.adapterBase',
  (
    tape: Tape,
    layers: Layers,
    name: string,
    weight: Tensor | DeviceWeight,
  ): Tensor | QuantizedWeight<Tensor> =>
    isQuantized(weight) ? (inBlockFormat(tape, weight, name) ?? layers.weight(name)) : weight,
);

/** The number 1, f32 [1, 1]; the caller owns it. */
export const oneOn = (gpu: Gpu): Tensor => Tensor.from(gpu, hostTensorFrom('f32', [1, 1], [1]));

/** PEFT's factor of the update: alpha / r, or alpha / sqrt(r) for rsLoRA. */
export const scaleOf = seam(
  'nn.llama.adapterScale',
  ({ r, alpha, use_rslora = false }: LinearAdapter): number =>
    alpha / (use_rslora ? Math.sqrt(r) : r),
);

/**
 * What the bias of lora_B adds, f32 [out]: `scale` times it, as a product with the number 1, since a
 * product has a factor and passes a gradient back.
 */
const adapterBias = seam(
  'nn.llama.adapterBias',
  (
    tape: Tape,
    name: string,
    { bias, scale, one }: { readonly bias: Tensor; readonly scale: number; readonly one: Tensor },
  ): Tensor => {
    const b = tape.view(bias, [1, bias.size]);
    const { y } = tape.apply(matmul, { a: one, b }, { alpha: scale }, `${name}.lora_B.bias`);
    return tape.view(y, [bias.size]);
  },
);

/** What the base gives, with the update by two products of its own beside it. */
const besideBase = seam(
  'nn.llama.besideBase',
  (
    tape: Tape,
    layers: Layers,
    name: string,
    x: Tensor,
    adapter: LinearAdapter,
    tensors: AdapterTensors,
  ): Tensor => {
    const base = layers.linear(name, x);
    const { dropout } = adapter;
    const dropped = dropout ? layers.dropout(`${name}.lora_dropout`, x, dropout) : x;
    return updated(tape, name, dropped, base, adapter, tensors);
  },
);

/** base + s (x A^T) B^T, by two products; the second adds the base. */
function updated(
  tape: Tape,
  name: string,
  x: Tensor,
  base: Tensor,
  adapter: LinearAdapter,
  { lora_A, lora_B }: AdapterTensors,
): Tensor {
  const product = { transpose_b: true } as const;
  const xa = tape.apply(matmul, { a: x, b: lora_A }, product, `${name}.lora_A`).y;
  return tape.apply(
    matmul,
    { a: xa, b: lora_B, bias: base },
    { ...product, alpha: scaleOf(adapter) },
    `${name}.lora_B`,
  ).y;
}
