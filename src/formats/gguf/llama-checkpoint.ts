import { FormatError, quote } from '../format-error.ts';
import type { Gguf, GgufTensor } from '../gguf.ts';
import { headPartOf, inHalves } from './head-rows.ts';
import { huggingFaceName } from './llama-names.ts';

/** Tensors of a Llama by Hugging Face's names, and those that it has no name for. */
export interface LlamaCheckpoint {
  readonly tensors: ReadonlyMap<string, GgufTensor>;
  readonly unnamed: readonly string[];
}

/**
 * The tensors of a file whose architecture is llama, as Hugging Face has them. Its conversion
 * (LlamaModel.permute of llama.cpp's convert_hf_to_gguf.py) puts the rows of q and k of each head in
 * pairs, which rotary embedding turns there; here they are put back in halves. Blocks lie along
 * rows, so that rows move as they are stored. Throws FormatError for another architecture, or where
 * the numbers of heads are missing or do not fit.
 */
export function llamaCheckpoint({ metadata, tensors }: Gguf): LlamaCheckpoint {
  const architecture = metadata.get('general.architecture');
  if (architecture !== 'llama')
    throw new FormatError(
      `general.architecture is ${architecture === undefined ? 'missing' : quote(String(architecture))}: only llama is known`,
    );
  const heads = count('llama.attention.head_count');
  const kvHeads = metadata.has('llama.attention.head_count_kv')
    ? count('llama.attention.head_count_kv')
    : heads;
  const named = new Map<string, GgufTensor>();
  const unnamed: string[] = [];
  for (const [name, tensor] of tensors) {
    const found = huggingFaceName(name);
    if (found === undefined) unnamed.push(name);
    else named.set(found, restored(name, tensor));
  }
  return { tensors: named, unnamed };

  function count(key: string): number {
    const value = metadata.get(key);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1)
      throw new FormatError(`${key} is ${value === undefined ? 'missing' : 'no positive integer'}`);
    return value;
  }

  function restored(name: string, tensor: GgufTensor): GgufTensor {
    const part = headPartOf(name);
    if (!part) return tensor;
    const bytes = inHalves(
      name,
      tensor.bytes,
      tensor.shape[0] ?? 0,
      part === 'q' ? heads : kvHeads,
    );
    return { ...tensor, bytes };
  }
}
