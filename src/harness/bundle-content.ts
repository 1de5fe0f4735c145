import { FormatError } from '../formats/format-error.ts';
import { type ParityBundle, parityBundleOf } from '../formats/parity-bundle.ts';
import { type CheckpointWeight, readQuantized } from '../formats/quantized-checkpoint.ts';
import { readSafetensors } from '../formats/safetensors.ts';

/** What a file to replay holds: a bundle, the weights of a checkpoint, or what is wrong with it. */
export type BundleContent =
  | { readonly kind: 'bundle'; readonly bundle: ParityBundle }
  | { readonly kind: 'weights'; readonly weights: ReadonlyMap<string, CheckpointWeight> }
  | { readonly kind: 'unreadable'; readonly error: FormatError };

/** What was read, by its bytes: several ask for what a file holds, and it is parsed once. */
const known = new WeakMap<Uint8Array, BundleContent>();

/** Returns what a safetensors file holds. The bytes must not change. */
export function contentOf(bytes: Uint8Array): BundleContent {
  const content = known.get(bytes) ?? parse(bytes);
  known.set(bytes, content);
  return content;
}

function parse(bytes: Uint8Array): BundleContent {
  try {
    const file = readSafetensors(bytes);
    const weights = file.metadata.has('schema') ? undefined : readQuantized(file.tensors);
    return weights && weights.size > 0
      ? { kind: 'weights', weights }
      : { kind: 'bundle', bundle: parityBundleOf(file) };
  } catch (error) {
    if (error instanceof FormatError) return { kind: 'unreadable', error };
    throw error;
  }
}
