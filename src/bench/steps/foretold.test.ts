import { expect, test } from 'vitest';
import { sizeOf } from '../../tensor/shape.ts';
import { drawnCall } from '../drawn.ts';
import type { LlamaStep } from '../work.ts';
import { WIDE } from '../works/steps.ts';
import { foretoldMs, samplesOf } from './foretold.ts';

const bytesOf = (step: LlamaStep) => {
  const { inputs } = drawnCall(samplesOf(step)[0]?.work as never);
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape }]) => [name, [dtype, sizeOf(shape)]]),
  );
};

test('a step is foretold by its own ops: a linear in the format of its base, head and attention', () => {
  const samples = samplesOf(WIDE);
  expect(samples.map(({ work }) => work.op)).toEqual([
    'lora_linear',
    'matmul',
    'scaled_dot_product_attention',
  ]);
  expect(bytesOf(WIDE)).toMatchObject({ x: ['f32', 64 * 512], weight: ['f32', 512 * 1408] });
  const coded = bytesOf({ ...WIDE, base: 'nf4' });
  expect(coded).toMatchObject({ packed: ['u8', 256 * 1408], absmax: ['f32', 8 * 1408] });
  expect(coded).not.toHaveProperty('weight');
  const { adapted: _, ...usual } = WIDE;
  expect(samplesOf(usual)[0]?.work.op).toBe('matmul');
  // Four linears of 512 x 512 and three of 512 x 1408, in each of two blocks; eight heads in each.
  const blocks = (2 * (4 * 512 + 3 * 1408)) / 1408;
  expect(samples.map(({ times }) => times)).toEqual([expect.closeTo(blocks, 10), 1, 8]);
  expect(foretoldMs(samples, [50, 20, 3])).toBeCloseTo(50 * blocks + 20 + 24, 8);
});

test('what is timed does not grow with the step, but for attention', () => {
  const large = { ...WIDE, batch: 2, tokens: 256, layers: 12, vocabulary: 16_384 };
  const [linear, head, attention] = samplesOf(large);
  const [own, ownHead] = samplesOf(WIDE);
  expect(linear?.work.id).toBe(own?.work.id);
  // Eight times the rows, in six times the blocks.
  expect(linear?.times).toBeCloseTo(48 * (own?.times as number), 8);
  expect(head?.work.flops).toBe(4 * (ownHead?.work.flops as number));
  expect(head?.times).toBe(8 * 8);
  expect(attention?.times).toBe(2 * 12 * 4);
});
