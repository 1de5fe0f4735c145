import { seam } from '../../seam.ts';
import { llama3Frequency } from '../../vocabulary/attention/llama3-frequency.ts';
import type { RopeScaling } from '../../vocabulary/attention/rope-scaling.ts';

/** Rotary positions of a model. */
export interface RotaryFrequencies {
  /** Radians a position, by pair of columns. */
  readonly inverse: Float64Array;
  /** Cosines and sines are multiplied by it. */
  readonly factor: number;
}

/** What they depend on. */
interface Rope {
  readonly head_dim: number;
  readonly rope_theta: number;
  readonly rope_scaling?: RopeScaling | undefined;
}

/**
 * Frequencies of texts of `length` tokens, in float64, as ROPE_INIT_FUNCTIONS of transformers 5
 * (modeling_rope_utils.py) make them in float32.
 */
export const frequenciesOf = seam(
  'nn.llama.frequencies',
  ({ head_dim, rope_theta, rope_scaling }: Rope, length: number): RotaryFrequencies => {
    const ofTheta = (theta: number) =>
      Float64Array.from({ length: head_dim / 2 }, (_, pair) => theta ** ((-2 * pair) / head_dim));
    const plain = ofTheta(rope_theta);
    switch (rope_scaling?.rope_type) {
      case undefined:
        return { inverse: plain, factor: 1 };
      case 'linear':
        return { inverse: plain.map((x) => x / rope_scaling.factor), factor: 1 };
      case 'dynamic': {
        const { factor, max_position_embeddings: most } = rope_scaling;
        const growth = (factor * Math.max(length, most)) / most - (factor - 1);
        const theta =
          growth === 1 ? rope_theta : rope_theta * growth ** (head_dim / (head_dim - 2));
        return { inverse: ofTheta(theta), factor: 1 };
      }
      case 'llama3':
        return { inverse: plain.map((x) => llama3Frequency(x, rope_scaling)), factor: 1 };
      case 'yarn':
        return {
          inverse: yarn(plain, rope_scaling, { head_dim, rope_theta }),
          factor: rope_scaling.attention_factor,
        };
      case 'longrope': {
        const { original_max_position_embeddings: original, attention_factor: factor } =
          rope_scaling;
        const slower = length > original ? rope_scaling.long_factor : rope_scaling.short_factor;
        return { inverse: plain.map((x, pair) => x / (slower[pair] as number)), factor };
      }
    }
  },
);

/** Pairs that turn often in the original context stay, those that turn seldom are stretched. */
function yarn(
  plain: Float64Array,
  scaling: RopeScaling & { readonly rope_type: 'yarn' },
  { head_dim, rope_theta }: Rope,
): Float64Array {
  const { factor, beta_fast, beta_slow, truncate } = scaling;
  const original = scaling.original_max_position_embeddings;
  /** The pair that turns so often in the original context. */
  const pairTurning = (turns: number) =>
    (head_dim * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(rope_theta));
  const ends = [pairTurning(beta_fast), pairTurning(beta_slow)] as const;
  const low = Math.max(truncate ? Math.floor(ends[0]) : ends[0], 0);
  const end = Math.min(truncate ? Math.ceil(ends[1]) : ends[1], head_dim - 1);
  // Transformers keeps the ramp from being a step.
  const high = end === low ? end + 0.001 : end;
  return plain.map((frequency, pair) => {
    const stretched = Math.min(Math.max((pair - low) / (high - low), 0), 1);
    return (frequency / factor) * stretched + frequency * (1 - stretched);
  });
}
