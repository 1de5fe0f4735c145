import { FormatError } from '../../../formats/format-error.ts';
import {
  HEAD,
  linearsOf as linearShapes,
  tensorShapes,
} from '../../../formats/hugging-face/architecture.ts';
import { type ModelConfig, modelConfigOf } from '../../../formats/hugging-face/config.ts';
import { ConfigError } from '../../../formats/hugging-face/config-error.ts';
import type { TrainLlamaParams } from '../../../formats/parity-bundle/train-llama.ts';
import type { JsonObject } from '../../../formats/strict-json.ts';
import { layerOf } from '../../../quantizer/kept-layers.ts';
import type { Shape } from '../../../tensor/shape.ts';

/** Linears of a block, [out, in]: those that LoRA adapts and QLoRA quantizes. */
export type Linears = ReadonlyMap<string, readonly [out: number, features: number]>;

/** The linears of every block. Throws FormatError when the heads do not divide the width. */
export function linearsOf(config: TrainLlamaParams['config']): Linears {
  const block = Object.entries(linearShapes(modelOf(config)));
  return new Map(
    Array.from({ length: config.layers }, (_, i) =>
      block.map(
        ([name, shape]) => [`model.layers.${i}.${name}`, shape as [number, number]] as const,
      ),
    ).flat(),
  );
}

/** What a run may have in codes: the linears of every block, and a head that is no embeddings too. */
export function codableOf(config: TrainLlamaParams['config']): Linears {
  const { tied, vocabulary, hidden } = modelOf(config);
  const head = [[layerOf(HEAD), [vocabulary, hidden]]] as const;
  return new Map([...linearsOf(config), ...(tied ? [] : head)]);
}

/** The shape of every weight of the model before it is adapted, by transformers' names. */
export function weightShapes(config: TrainLlamaParams['config']): ReadonlyMap<string, Shape> {
  return tensorShapes(modelOf(config));
}

/** Tokens that transformers' Llama is made for where its configuration does not say. */
const CONTEXT = 2048;

/** The field of config.json that means something else where it is null than where it is absent. */
const WINDOW = 'sliding_window';

/**
 * The model of a run: sizes by the vocabulary's names, all else by those of config.json; by default
 * it is a Llama. Throws FormatError for one that is none, ConfigError for one that is not
 * known here.
 */
export function modelOf(config: TrainLlamaParams['config']): ModelConfig {
  const { vocab, hidden, intermediate, layers, heads, kv_heads, rms_eps, ...others } = config;
  const headDim = Number(config['head_dim'] ?? hidden / heads);
  if (headDim % 2 !== 0)
    throw new FormatError(
      `train_llama: ${heads} heads of ${hidden} columns are not an even number of columns each`,
    );
  if (heads % kv_heads !== 0)
    throw new FormatError(`train_llama: ${kv_heads} heads of keys do not divide ${heads} heads`);
  const given = Object.entries(others).filter(([name, value]) => value !== null || name === WINDOW);
  const words = {
    ...{ model_type: 'llama', max_position_embeddings: CONTEXT, head_dim: headDim },
    ...Object.fromEntries(given),
    ...{ vocab_size: vocab, hidden_size: hidden, intermediate_size: intermediate },
    ...{ num_hidden_layers: layers, num_attention_heads: heads, num_key_value_heads: kv_heads },
    rms_norm_eps: rms_eps,
  };
  try {
    return modelConfigOf(words as JsonObject);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (error.faults.every(({ code }) => UNKNOWN.includes(code))) throw error;
    throw new FormatError(`train_llama: config: ${error.message}`, { cause: error });
  }
}

/** Faults of what may be right, and is not known here. */
const UNKNOWN: readonly string[] = ['not-supported', 'unknown-architecture'];
