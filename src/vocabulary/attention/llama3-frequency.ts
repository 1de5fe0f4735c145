import type { RopeScaling } from './rope-scaling.ts';

/**
 * A frequency of rotary positions, in radians a position, as Llama 3.1 scales it: long waves are
 * stretched by the factor, short ones stay, those between are in between
 * (_compute_llama3_parameters of transformers' modeling_rope_utils.py).
 */
export function llama3Frequency(
  frequency: number,
  scaling: RopeScaling & { readonly rope_type: 'llama3' },
): number {
  const { factor, low_freq_factor: low, high_freq_factor: high } = scaling;
  const original = scaling.original_max_position_embeddings;
  const wave = (2 * Math.PI) / frequency;
  if (wave < original / high) return frequency;
  if (wave > original / low) return frequency / factor;
  const smooth = (original / wave - low) / (high - low);
  return ((1 - smooth) * frequency) / factor + smooth * frequency;
}
