import { ggufName } from '../../../formats/gguf/llama-names.ts';
import { type FileType, modelFields } from '../../../formats/gguf/model-fields.ts';
import { ROPE_FACTORS } from '../../../formats/gguf/rope-factors.ts';
import { tokenizerFields } from '../../../formats/gguf/tokenizer-fields.ts';
import { GgufUnsupportedError } from '../../../formats/gguf/unsupported.ts';
import type { GgufFields, GgufShape } from '../../../formats/gguf/write-header.ts';
import { tensorShapes } from '../../../formats/hugging-face/architecture.ts';
import type { ModelConfig } from '../../../formats/hugging-face/config.ts';
import type { ModelFolder } from '../../../formats/hugging-face/shards.ts';
import { tokenizerFiles } from '../../../formats/hugging-face/tokenizer/files.ts';
import { GGUF_TYPES } from '../../../quant/gguf/types.ts';
import type { Shape } from '../../../tensor/shape.ts';

/** A tensor of a GGUF file, and what of the model it is. */
export interface GgufPlace extends GgufShape {
  /** transformers' name; absent of what only llama.cpp has. */
  readonly source?: string;
}

/** All that a GGUF file of a model says before its numbers. */
export interface GgufPlan {
  readonly fields: GgufFields;
  /** By llama.cpp's names. */
  readonly tensors: ReadonlyMap<string, GgufPlace>;
}

/**
 * What a GGUF file of the model of a folder holds. Throws GgufUnsupportedError for what it cannot
 * say, TokenizerError.
 */
export async function ggufPlan(
  folder: ModelFolder,
  config: ModelConfig,
  name: string,
  type: FileType,
): Promise<GgufPlan> {
  const tokenizer = tokenizerFields(await tokenizerFiles(folder), config.vocabulary);
  const fields = new Map([...modelFields(config, name, type), ...tokenizer]);
  const tensors = new Map<string, GgufPlace>();
  if (config.ropeScaling?.rope_type === 'llama3')
    tensors.set(ROPE_FACTORS, { type: 'f32', shape: [config.headDim / 2] });
  for (const [source, shape] of tensorShapes(config)) {
    const place = ggufName(source);
    if (place === undefined)
      throw new GgufUnsupportedError(`${source}, for which llama.cpp has no name`);
    tensors.set(place, { type: typeOf(shape, type), shape, source });
  }
  return { fields, tensors };
}

/** As llama.cpp's conversion chooses: vectors in float32, and halves where rows are no whole blocks. */
function typeOf(shape: Shape, type: FileType): string {
  if (shape.length < 2) return 'f32';
  const isWhole = (shape.at(-1) as number) % GGUF_TYPES.q8_0.elements === 0;
  return type === 'q8_0' && isWhole ? 'q8_0' : 'f16';
}
