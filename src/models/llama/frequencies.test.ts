import { describe, expect, test } from 'vitest';
import { frequencyOf, turnFactorOf } from '../../reference/llama/frequencies.ts';
import type { RopeScaling } from '../../vocabulary/attention/rope-scaling.ts';
import { frequenciesOf } from './frequencies.ts';

const llama3: RopeScaling = {
  rope_type: 'llama3',
  ...{ factor: 8, low_freq_factor: 1, high_freq_factor: 4 },
  original_max_position_embeddings: 64,
};
const yarn: RopeScaling = {
  rope_type: 'yarn',
  ...{ factor: 4, attention_factor: 1.138629436111989, beta_fast: 32 },
  ...{ beta_slow: 1, truncate: true, original_max_position_embeddings: 512 },
};
const longrope: RopeScaling = {
  ...{ rope_type: 'longrope', attention_factor: 1.1832159566199232 },
  short_factor: [1, 1, 1.25, 1.5, 2, 2.5, 3, 4],
  long_factor: [1, 1.5, 2.75, 8, 16, 24.5, 31, 32],
  original_max_position_embeddings: 32,
};
const dynamic = { rope_type: 'dynamic', factor: 4, max_position_embeddings: 32 } as const;

/** Of heads of 16 columns with theta 10000, as LlamaRotaryEmbedding of transformers 5.23 has them. */
const CASES: readonly (readonly [RopeScaling | undefined, number, readonly number[]])[] = [
  [undefined, 24, [1, 0.3162278, 0.1, 0.03162278, 0.01, 0.003162278, 0.001, 0.0003162278]],
  [
    { rope_type: 'linear', factor: 4 },
    24,
    [0.25, 0.07905694, 0.025, 0.007905695, 0.0025, 0.0007905695, 0.00025, 7.905695e-5],
  ],
  [dynamic, 32, [1, 0.3162278, 0.1, 0.03162278, 0.01, 0.003162278, 0.001, 0.0003162278]],
  [
    dynamic,
    48,
    [1, 0.2702961, 0.07306, 0.01974783, 0.005337763, 0.001442777, 0.000389977, 0.0001054093],
  ],
  [
    llama3,
    24,
    [1, 0.2443846, 0.01304226, 0.003952847, 0.00125, 0.0003952847, 0.000125, 3.952847e-5],
  ],
  [yarn, 24, [1, 0.2569351, 0.0625, 0.01383497, 0.0025, 0.0007905695, 0.00025, 7.905695e-5]],
  [
    { ...yarn, truncate: false, beta_fast: 16, beta_slow: 2 },
    24,
    [1, 0.3162278, 0.0756644, 0.01079611, 0.0025, 0.0007905695, 0.00025, 7.905695e-5],
  ],
  [longrope, 24, [1, 0.3162278, 0.08, 0.02108185, 0.005, 0.001264911, 0.0003333333, 7.905695e-5]],
  [
    longrope,
    33,
    [1, 0.2108185, 0.03636364, 0.003952847, 0.000625, 0.0001290726, 3.225806e-5, 9.882118e-6],
  ],
  // The ramp has no width.
  [
    {
      ...{ ...yarn, factor: 2, attention_factor: 0.5, beta_fast: 4, beta_slow: 4 },
      original_max_position_embeddings: 8,
    },
    24,
    [1, 0.1581139, 0.05, 0.01581139, 0.005, 0.001581139, 0.0005, 0.0001581139],
  ],
];

describe('frequencies of rotary positions', () => {
  test.each(CASES)('are those of transformers, case %#', (rope_scaling, length, expected) => {
    const rope = { head_dim: 16, rope_theta: 10_000, rope_scaling };
    const { inverse, factor } = frequenciesOf(rope, length);
    expect(factor).toBe(turnFactorOf(rope_scaling));
    for (const [pair, frequency] of expected.entries()) {
      expect(Math.abs((inverse[pair] as number) / frequency - 1)).toBeLessThan(2 ** -21);
      const own = frequencyOf(pair, rope, length);
      expect(Math.abs((inverse[pair] as number) / own - 1)).toBeLessThan(2 ** -44);
    }
    expect(inverse).toHaveLength(expected.length);
  });
});
