import type { CodedScheme, StoredCodes } from '../../formats/hugging-face/coded-weights.ts';
import { isPrequantized } from '../../formats/hugging-face/config.ts';
import { expandedNames } from '../../models/llama/block-expansion.ts';
import { quantizationPlan } from '../../models/llama/load.ts';
import { blockLinears } from '../../models/llama/lora/module-names.ts';
import { GGUF_TYPES } from '../../quant/gguf/types.ts';
import { blockFormats } from '../../quant/registry.ts';
import { layerOf } from '../../quantizer/kept-layers.ts';
import type { LayerOptions } from '../../quantizer/policy.ts';
import { predictedBytes } from '../../quantizer/quantizer.ts';
import { schemeOf } from '../../quantizer/registry.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { LlamaTrainingConfig } from './config/read-training-config.ts';
import { copiesOf, type GrownModel, policyOf } from './open-model.ts';

const FLOAT = 4;

/** How a weight is in codes: as its folder has it, or as it is quantized when it is read. */
type BaseCodes = CodedScheme | LayerOptions;

/**
 * The linears of blocks that are in codes, by the names of their modules: those that the folder has so,
 * or of a folder in floats those that are quantized. Throws as `quantizationPlan` does.
 */
export function baseCodes(
  whole: GrownModel,
  base: LlamaTrainingConfig['base'],
  stored: StoredCodes,
): ReadonlyMap<string, BaseCodes> {
  const { grown } = whole;
  if (!isPrequantized(grown))
    return base
      ? quantizationPlan(grown, { options: base.options, policy: policyOf(whole, base.skip) })
      : new Map();
  const linears = blockLinears(grown);
  const copies = copiesOf(whole);
  return new Map(
    [...stored]
      .map(([name, scheme]): [string, BaseCodes] => [
        layerOf(copies ? expandedNames(name, copies).name : name),
        scheme,
      ])
      .filter(([module]) => linears.has(module)),
  );
}

/** Bytes of a weight in codes on the device. */
export function codedBytes(codes: BaseCodes, shape: Shape): number {
  if (!('blocks' in codes)) return predictedBytes(codes, shape);
  const { elements, bytes } = GGUF_TYPES[codes.blocks];
  return (sizeOf(shape) / elements) * bytes;
}

/** Whether products round x to codes, so that a base has its own below an adapter too. */
export const roundsInputs = (codes: BaseCodes): boolean =>
  'method' in codes && codes.method === 'llm_int8';

/** Whether one op that does base and adapter is given the weight in floats. */
export const isDecodedBelow = (codes: BaseCodes): boolean =>
  'blocks' in codes || !blockFormats.has(codes.method);

/** How a linear is computed: by an op with its adapter, by a product of its own, or both. */
export interface LinearUse {
  readonly together: boolean;
  readonly alone: boolean;
  /** Rows that it takes in a step. */
  readonly tokens: number;
}

/**
 * Floats that a linear in codes leaves in forward beside what one in floats does: what its weight is
 * decoded in, its scales where these are in codes, and codes and sums of LLM.int8.
 */
export function leftByCodes(
  codes: BaseCodes,
  shape: Shape,
  { together, alone, tokens }: LinearUse,
): number {
  const ofScales = 'blocks' in codes ? 0 : restoredScales(codes, shape);
  const ofOp = isDecodedBelow(codes) ? decodedShare(codes) * sizeOf(shape) : ofScales;
  if (!roundsInputs(codes)) return (together ? ofOp : 0) + (alone ? ofScales : 0);
  // What DoRA's base gives is there beside the sum with its update.
  const [outputs = 0] = shape;
  return (together ? ofOp + tokens * outputs : 0) + (alone ? leftByInt8(shape, tokens) : 0);
}

/** Bytes that a table of the folder which is in codes takes while it is decoded, beside the table. */
export const decodingBytes = (codes: BaseCodes, shape: Shape): number =>
  codedBytes(codes, shape) + FLOAT * decodedShare(codes) * sizeOf(shape);

/** Scales that are codes are decoded, and their mean is added to what that gives. */
function restoredScales(codes: LayerOptions, shape: Shape): number {
  if (!codes.quantScale || !blockFormats.has(codes.method)) return 0;
  const { group } = schemeOf(codes, shape).choice;
  return 2 * Math.ceil(sizeOf(shape) / (group as number));
}

/** Codes in bytes, what they are before scale or zero, and after. */
const IN_STEPS = 2.25;

/** Floats that decoding leaves for each. */
function decodedShare(codes: BaseCodes): number {
  if ('blocks' in codes || roundsInputs(codes)) return 1;
  const { group } = schemeOf(codes).choice;
  const hasFloatScales = ['hqq', 'mlx'].includes(codes.method);
  // Scales of small floats are decoded too.
  return hasFloatScales ? IN_STEPS : IN_STEPS + 1 / (group as number);
}

/** Codes of x with the largest of each row, sums of products of codes, and which columns are outliers. */
function leftByInt8([outputs = 0, inputs = 0]: Shape, tokens: number): number {
  return tokens * (inputs / 4 + 1 + outputs) + inputs + 1;
}
