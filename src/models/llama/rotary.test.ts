import { describe, expect, test } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import type { Application } from '../../graph/call.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { RopeScaling } from '../../vocabulary/attention/rope-scaling.ts';
import { CachedText } from './cached-text.ts';
import type { LlamaConfig } from './config.ts';
import { KeyValueCache } from './key-value-cache.ts';
import { Rotary } from './rotary.ts';

const CONFIG: LlamaConfig = {
  ...{ length: 5, hidden: 6, layers: 1, heads: 1, kv_heads: 1, rms_eps: 1e-6, rope_theta: 500 },
};
const DYNAMIC = { rope_type: 'dynamic', factor: 2, max_position_embeddings: 3 } as const;
const LONGROPE = {
  ...{ rope_type: 'longrope' as const, attention_factor: 1.5 },
  ...{ short_factor: [1, 2, 4], long_factor: [2, 6, 20] },
  original_max_position_embeddings: 3,
};

/** The sines that turn each token of a text that is read in such parts. */
async function sinesOf(rope_scaling: RopeScaling, parts: readonly number[]) {
  const { gpu } = await hostGpu();
  const config = { ...CONFIG, rope_scaling };
  using rotary = new Rotary(gpu, config);
  using cache = new KeyValueCache(gpu, config, 5);
  const sines: (readonly number[])[] = [];
  for (const tokens of parts) {
    using text = new CachedText(gpu, config, cache, tokens);
    using q = Tensor.empty(gpu, 'f32', [1, 1, tokens, 6]);
    const trace: Application<Tensor>[] = [];
    using tape = new Tape(gpu, [], { trace });
    rotary.apply(tape, { q, k: q }, text, 'rotary');
    const [turned, other] = trace.map(({ inputs }) => inputs);
    expect(other?.['sin']?.binding.memory).toBe(turned?.['sin']?.binding.memory);
    const all = [...((await turned?.['sin']?.read())?.data ?? [])];
    const rows = (await turned?.['position_ids']?.read())?.data ?? Array(tokens).keys();
    for (const row of rows) sines.push(all.slice(3 * row, 3 * row + 3));
    cache.advance(tokens);
  }
  return sines;
}

function dynamic(position: number, length: number): readonly number[] {
  const theta = 500 * (Math.max((2 * length) / 3, 2) - 1) ** (6 / 4);
  return [0, 2, 4].map((k) => Math.fround(Math.sin(position * theta ** (-k / 6))));
}

const longrope = (position: number, factors: readonly number[]) =>
  factors.map((factor, k) => Math.fround(1.5 * Math.sin((position * 500 ** (-k / 3)) / factor)));

describe('tokens behind a cache turn as in a text that ends with them', () => {
  test('where frequencies are dynamic', async () => {
    const first = dynamic(0, 2);
    const second = dynamic(1, 2);
    const third = dynamic(2, 3);
    const fourth = dynamic(3, 4);
    const fifth = dynamic(4, 5);
    expect(await sinesOf(DYNAMIC, [2, 1, 1, 1])).toEqual([first, second, third, fourth, fifth]);
    const together = [0, 1, 2, 3].map((position) => dynamic(position, 4));
    expect(await sinesOf(DYNAMIC, [4, 1])).toEqual([...together, fifth]);
  });

  test('where longer texts have other factors', async () => {
    const { short_factor, long_factor } = LONGROPE;
    const all = (factors: readonly number[]) =>
      [0, 1, 2, 3, 4].map((position) => longrope(position, factors));
    const short = all(short_factor);
    const long = all(long_factor);
    expect(await sinesOf(LONGROPE, [2, 1, 1, 1])).toEqual([...short.slice(0, 3), ...long.slice(3)]);
    expect(await sinesOf(LONGROPE, [4, 1])).toEqual(long);
  });
});
