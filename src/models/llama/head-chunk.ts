import { bytesPerElement } from '../../tensor/dtype.ts';
import { classesAtOnce } from '../../vocabulary/nn/linear_cross_entropy.ts';
import type { LlamaConfig } from './config.ts';

/** Bytes of logits up to which they are computed whole. */
const MOST_BYTES = 2 ** 26;

/**
 * How a loss over so many positions takes the logits of so many tokens: whole, or in chunks, of a
 * size of its own where one is asked for.
 */
export function headChunkOf(
  { head_chunk: asked }: Pick<LlamaConfig, 'head_chunk'>,
  positions: number,
  vocabulary: number,
): 'whole' | { readonly chunk?: number } {
  if (asked === 'whole') return asked;
  if (asked !== undefined) return { chunk: asked };
  return positions * vocabulary * bytesPerElement('f32') > MOST_BYTES ? {} : 'whole';
}

/**
 * How many classes have the logits of so many positions at once, and whether they are kept, as whole
 * ones are, where no chunk is asked for.
 */
export function logitsAtOnce(
  positions: number,
  vocabulary: number,
): { readonly classes: number; readonly areKept: boolean } {
  if (headChunkOf({}, positions, vocabulary) === 'whole')
    return { classes: vocabulary, areKept: true };
  return { classes: Math.min(vocabulary, classesAtOnce(positions)), areKept: false };
}
