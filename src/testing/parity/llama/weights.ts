import { FormatError } from '../../../formats/format-error.ts';
import {
  linearsOf as linearShapes,
  tensorShapes,
} from '../../../formats/hugging-face/architecture.ts';
import type { TrainLlamaParams } from '../../../formats/parity-bundle/train-llama.ts';
import type { Shape } from '../../../tensor/shape.ts';

/** Linears of a block, [out, in]: those that LoRA adapts and QLoRA quantizes. */
export type Linears = ReadonlyMap<string, readonly [out: number, features: number]>;

/** The linears of every block. Throws FormatError when the heads do not divide the width. */
export function linearsOf(config: TrainLlamaParams['config']): Linears {
  const block = Object.entries(linearShapes(architectureOf(config)));
  return new Map(
    Array.from({ length: config.layers }, (_, i) =>
      block.map(
        ([name, shape]) => [`model.layers.${i}.${name}`, shape as [number, number]] as const,
      ),
    ).flat(),
  );
}

/** The shape of every weight of the model before it is adapted, by transformers' names. */
export function weightShapes(config: TrainLlamaParams['config']): ReadonlyMap<string, Shape> {
  return tensorShapes(architectureOf(config));
}

function architectureOf({
  vocab,
  hidden,
  intermediate,
  layers,
  heads,
  kv_heads,
  tie_word_embeddings = false,
}: TrainLlamaParams['config']) {
  const headDim = hidden / heads;
  if (headDim % 2 !== 0)
    throw new FormatError(
      `train_llama: ${heads} heads of ${hidden} columns are not an even number of columns each`,
    );
  if (heads % kv_heads !== 0)
    throw new FormatError(`train_llama: ${kv_heads} heads of keys do not divide ${heads} heads`);
  return {
    family: 'llama',
    ...{ hidden, intermediate, layers, heads, kvHeads: kv_heads, headDim },
    ...{ vocabulary: vocab, tied: tie_word_embeddings, context: 1 },
  } as const;
}
