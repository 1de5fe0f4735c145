import type { RopeScaling } from '../../vocabulary/attention/rope-scaling.ts';

/** What the frequencies of rotary positions depend on. */
interface Rope {
  readonly head_dim: number;
  readonly rope_theta: number;
  readonly rope_scaling?: RopeScaling | undefined;
}

const clamped = (x: number): number => Math.min(Math.max(x, 0), 1);

/**
 * Radians a position of pair `pair` in a text of `length` tokens. Most that transformers has are a
 * mean of the plain frequency and of one that is `factor` times as slow; they differ in how much of
 * the plain one each pair keeps. Dynamic ones have another theta in texts beyond the context, and
 * those of LongRoPE other divisors.
 */
export function frequencyOf(
  pair: number,
  { head_dim, rope_theta, rope_scaling }: Rope,
  length: number,
): number {
  const exponent = (-2 * pair) / head_dim;
  const plain = rope_theta ** exponent;
  if (!rope_scaling) return plain;
  if (rope_scaling.rope_type === 'longrope') {
    const { short_factor, long_factor, original_max_position_embeddings } = rope_scaling;
    const isLong = length > original_max_position_embeddings;
    return plain / ((isLong ? long_factor : short_factor)[pair] as number);
  }
  const { factor } = rope_scaling;
  if (rope_scaling.rope_type === 'dynamic') {
    const over = Math.max(length / rope_scaling.max_position_embeddings, 1);
    const slower = 1 + factor * (over - 1);
    return over === 1 ? plain : plain * slower ** (exponent * (head_dim / (head_dim - 2)));
  }
  const kept = keptOf(pair, rope_scaling, { head_dim, rope_theta });
  return plain * (kept + (1 - kept) / factor);
}

/** Turns of a pair in the context that the model was first trained on, and how much it keeps. */
function keptOf(
  pair: number,
  scaling: Exclude<RopeScaling, { readonly rope_type: 'dynamic' | 'longrope' }>,
  { head_dim, rope_theta }: Rope,
): number {
  if (scaling.rope_type === 'linear') return 0;
  const turns = scaling.original_max_position_embeddings / (2 * Math.PI);
  if (scaling.rope_type === 'llama3') {
    const { low_freq_factor: low, high_freq_factor: high } = scaling;
    const own = turns * rope_theta ** ((-2 * pair) / head_dim);
    return clamped((own - low) / (high - low));
  }
  // The pairs that turn `beta` times: turns * theta^(-2 k / d) = beta, solved for k.
  const pairOf = (beta: number) => ((head_dim / 2) * Math.log(turns / beta)) / Math.log(rope_theta);
  const fast = pairOf(scaling.beta_fast);
  const slow = pairOf(scaling.beta_slow);
  const low = Math.max(scaling.truncate ? Math.floor(fast) : fast, 0);
  const high = Math.min(scaling.truncate ? Math.ceil(slow) : slow, head_dim - 1);
  // Where both ends are one place, transformers has a ramp of a thousandth of a pair.
  return 1 - clamped((pair - low) / (high - low || 1e-3));
}

/** What cosines and sines are multiplied by. */
export const turnFactorOf = (rope_scaling: RopeScaling | undefined): number =>
  rope_scaling && 'attention_factor' in rope_scaling ? rope_scaling.attention_factor : 1;
