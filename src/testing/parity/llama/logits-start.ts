import { tensorShapes } from '../../../formats/hugging-face/architecture.ts';
import { type ModelConfig, modelConfigOf } from '../../../formats/hugging-face/config.ts';
import type { ParityBundle } from '../../../formats/parity-bundle.ts';
import type { JsonObject } from '../../../formats/strict-json.ts';
import type { LlamaConfig } from '../../../models/llama/config.ts';
import { llamaConfigOf } from '../../../models/llama/model-config.ts';
import type { Value, Values } from '../../../reference/record.ts';
import { BundleValues } from './bundle-values.ts';

/** A model, and the text that it reads. */
export interface LogitsAsked {
  readonly config: LlamaConfig;
  /** By transformers' names, in float32. */
  readonly weights: Values;
  /** [B, S]. */
  readonly ids: Value;
}

/** The config.json that a bundle of logits holds. Throws ConfigError. */
export const configOf = ({ params }: Pick<ParityBundle, 'params'>): ModelConfig =>
  modelConfigOf(params['config'] as JsonObject);

/**
 * What a bundle of logits asks for. Throws ConfigError for a configuration that is none, FormatError
 * when a weight is missing or does not fit.
 */
export function askedOf(bundle: ParityBundle): LogitsAsked {
  const config = configOf(bundle);
  const tensors = new BundleValues(bundle.op, bundle.tensors.inputs);
  const ids = tensors.value('input_ids');
  // The last block comes first, so that a count of blocks that the bundle has not costs nothing.
  tensors.value(`base.model.layers.${config.layers - 1}.input_layernorm.weight`);
  const weights = [...tensorShapes(config)].map(
    ([name, shape]) => [name, tensors.value(`base.${name}`, shape)] as const,
  );
  return {
    config: llamaConfigOf(config, ids.shape[1] as number),
    weights: Object.fromEntries(weights),
    ids,
  };
}
