import { expect, test } from 'vitest';
import { maxAbs } from '../../reference/bounds.ts';
import { valuesOf } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import type { ByteModelConfig } from './config.ts';
import { drawAdapter, drawBase, linearShapes } from './weights.ts';

const config: ByteModelConfig = {
  vocab: 256,
  embedding: 32,
  context: 16,
  hidden: [256, 256],
  hiddenGain: 1.6,
  headGain: 0.25,
  quantType: 'nf4',
  blocksize: 64,
  r: 8,
  alpha: 16,
};
const rms = (data: Float64Array) =>
  Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);

test('the linears are 512-256-256-256', () => {
  expect(linearShapes(config)).toEqual([
    { name: 'linear1', inFeatures: 512, outFeatures: 256 },
    { name: 'linear2', inFeatures: 256, outFeatures: 256 },
    { name: 'linear3', inFeatures: 256, outFeatures: 256 },
  ]);
});

test('the base has the declared sizes and repeats for a seed', () => {
  const { embedding, weights } = drawBase(config, new Random(1));
  expect(embedding.shape).toEqual([256, 32]);
  expect(rms(valuesOf(embedding))).toBeCloseTo(1, 1);
  expect(weights.map(({ shape }) => shape)).toEqual([
    [256, 512],
    [256, 256],
    [256, 256],
  ]);
  weights.forEach((weight, i) => {
    const gain = i < 2 ? config.hiddenGain : config.headGain;
    const fanIn = weight.shape[1] as number;
    const values = valuesOf(weight);
    expect((rms(values) * Math.sqrt(fanIn)) / gain).toBeCloseTo(1, 1);
    expect(maxAbs(values) / ((gain * Math.sqrt(3)) / Math.sqrt(fanIn))).toBeCloseTo(1, 3);
  });
  expect(drawBase(config, new Random(1)).weights[2]).toEqual(weights[2]);
  expect(drawBase(config, new Random(2)).weights[2]).not.toEqual(weights[2]);
});

test('an adapter starts as PEFT starts it: A uniform in +-1/sqrt(in), B zero', () => {
  const { lora_A, lora_B } = drawAdapter(
    { name: 'l', inFeatures: 400, outFeatures: 300 },
    8,
    new Random(1),
  );
  const values = valuesOf(lora_A);
  expect([lora_A.shape, lora_B.shape]).toEqual([
    [8, 400],
    [300, 8],
  ]);
  expect(Math.max(...values)).toBeLessThanOrEqual(1 / 20);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(-1 / 20);
  expect(rms(values) * 20 * Math.sqrt(3)).toBeCloseTo(1, 1);
  expect(valuesOf(lora_B).every((x) => x === 0)).toBe(true);
});
