import type { Tape } from '../../../autograd/tape.ts';
import { loraLinear } from '../../../ops/lora/lora_linear.ts';
import { matmul } from '../../../ops/matmul/matmul.ts';
import { blockFormats } from '../../../quant/registry.ts';
import { isQuantized, type QuantizedWeight } from '../../../quant/weight.ts';
import { type DeviceWeight, isOfFormat } from '../../../quantizer/coding.ts';
import { seam } from '../../../seam.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
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
   * one op that does both. Default where something is dropped.
   */
  readonly apart?: boolean;
}

/** The trained tensors of an adapter. */
export interface AdapterTensors {
  readonly lora_A: Tensor;
  readonly lora_B: Tensor;
  readonly magnitude?: Tensor | undefined;
}

/**
 * y = x W^T + s dropout(x) A^T B^T (+ bias), W frozen and perhaps quantized, by PEFT's rule of s;
 * with DoRA the columns of it are rescaled.
 */
export function adaptedLinear(
  tape: Tape,
  layers: Layers,
  name: string,
  x: Tensor,
  {
    adapter: { dropout = 0, apart = dropout > 0, ...params },
    tensors,
    weight,
  }: {
    readonly adapter: LinearAdapter;
    readonly tensors: AdapterTensors;
    readonly weight: Tensor | DeviceWeight;
  },
): Tensor {
  if (apart) return besideBase(tape, layers, name, x, { ...params, dropout }, tensors);
  const frozen = frozenInputs(baseOf(layers, name, weight));
  const inputs = { x, ...tensors, bias: layers.biasOf(name), ...frozen.tensors };
  return tape.apply(loraLinear, inputs, { ...params, ...frozen.params }, name).y;
}

/** The weight below an adapter: as it is stored where the op decodes it in registers. */
const baseOf = seam(
  'nn.llama.adapterBase',
  (
    layers: Layers,
    name: string,
    weight: Tensor | DeviceWeight,
  ): Tensor | QuantizedWeight<Tensor> => {
    if (!isQuantized(weight)) return weight;
    const isInRegisters = isOfFormat(weight) && blockFormats.has(weight.format.name);
    return isInRegisters ? weight : layers.weight(name);
  },
);

/** PEFT's factor of the update: alpha / r, or alpha / sqrt(r) for rsLoRA. */
export const scaleOf = seam(
  'nn.llama.adapterScale',
  ({ r, alpha, use_rslora = false }: LinearAdapter): number =>
    alpha / (use_rslora ? Math.sqrt(r) : r),
);

/** The update by two products of its own; the second adds it to what the base gives. */
function besideBase(
  tape: Tape,
  layers: Layers,
  name: string,
  x: Tensor,
  adapter: LinearAdapter,
  { lora_A, lora_B }: AdapterTensors,
): Tensor {
  const base = layers.linear(name, x);
  const dropped = adapter.dropout ? layers.dropout(`${name}.lora_dropout`, x, adapter.dropout) : x;
  const product = { transpose_b: true } as const;
  const xa = tape.apply(matmul, { a: dropped, b: lora_A }, product, `${name}.lora_A`).y;
  return tape.apply(
    matmul,
    { a: xa, b: lora_B, bias: base },
    { ...product, alpha: scaleOf(adapter) },
    `${name}.lora_B`,
  ).y;
}
