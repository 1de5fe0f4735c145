import { expect, test } from 'vitest';
import type { CaseResult } from '../../report/schema.ts';
import { forecast, measuredSpeed, memoryFacts, roomFor } from './forecast.ts';
import { needsOf } from './model-needs.ts';
import { ARCHITECTURES, type Architecture } from './model-sizes.ts';

/** Small enough for a sheet of paper. */
const TINY: Architecture = {
  size: 'tiny',
  example: 'none',
  layers: 2,
  hidden: 4,
  intermediate: 8,
  queries: 4,
  keys: 2,
  vocabulary: 10,
  tied: true,
};

test('memory and work of a model small enough to check by hand', () => {
  // A layer: 4x4 + 2x4 + 2x4 + 4x4 + 8x4 + 8x4 + 4x8 = 144 weights, and 8 + 6 + 6 + 8 + 12 + 12 +
  // 12 = 64 rows and columns.
  const needs = needsOf(TINY, { tokens: 3, rank: 1, blocksize: 64 });
  expect(needs.memory.weights).toBe(288 / 2 + (288 / 64) * 4);
  // One table of 10 x 4 halves; five norms of four floats.
  expect(needs.memory.embeddings).toBe(80 + 80);
  // 2 layers x 64 values x 16 bytes.
  expect(needs.memory.adapters).toBe(2048);
  // Inputs 2 x 3 x 4; one layer 5x4 + 2x4 + 2x2 + 3x8 = 56 values a token with gradients, 2 x 3 x
  // 56; all x 4 bytes; logits 2 x 3 x 10 x 4.
  expect(needs.memory.activations).toBe((24 + 336) * 4 + 240);
  expect(needs.bytes).toBe(162 + 160 + 2048 + 1680);
  expect(needs.largest).toBe(120);
  // 6 x 3 x 288 + 4 x 3 x 40 + 8 x 3 x 128 + 4 x (2 x 4 x 9 x 4)
  expect(needs.flops).toBe(5184 + 480 + 3072 + 1152);
});

test('counts the weights that the published models have', () => {
  const weights = (size: string) => {
    const model = ARCHITECTURES.find((each) => each.size === size) as Architecture;
    const { memory } = needsOf(model);
    return (
      memory.weights / 0.5625 + (memory.embeddings - (2 * model.layers + 1) * model.hidden * 4) / 2
    );
  };
  // What their model cards say, norms and biases left out: 1.2358, 8.0300 and 0.4940 thousand
  // million.
  expect(weights('1B')).toBe(1_235_746_816);
  expect(weights('8B')).toBe(8_029_995_008);
  expect(weights('0.5B') / 1e9).toBeCloseTo(0.494, 3);
});

test('a 1B model takes 2 GB, an 8B model 7.8', () => {
  const gigabytes = Object.fromEntries(
    ARCHITECTURES.map((model) => [model.size, needsOf(model).bytes / 1e9]),
  );
  // MB: weights 547.4, table 525.6, adapters 180.4, inputs of layers 67.1, a layer 163.6, logits
  // 525.3.
  expect(gigabytes['1B']).toBeCloseTo(2.0093, 3);
  // MB: weights 3925.9, tables 2102.4, adapters 671.1, inputs of layers 268.4, a layer 302.0,
  // logits 525.3.
  expect(gigabytes['8B']).toBeCloseTo(7.7951, 2);
});

test('room is judged by the given memory, else the main memory, else not at all', () => {
  const gb = 2 ** 30;
  expect(roomFor(5 * gb, {})).toBe('unknown');
  expect(roomFor(5 * gb, { device: 16 * gb })).toBe('fits');
  expect(roomFor(9 * gb, { device: 16 * gb })).toBe('tight');
  expect(roomFor(9 * gb, { device: 8 * gb, capped: true })).toBe('unknown');
  expect(roomFor(5 * gb, { device: 4 * gb })).toBe('too-large');
  expect(roomFor(5 * gb, { device: 4 * gb, told: 24 * gb })).toBe('fits');
  expect(roomFor(23 * gb, { told: 24 * gb })).toBe('tight');
  expect(roomFor(25 * gb, { told: 24 * gb })).toBe('too-large');
  expect(memoryFacts({ maxBufferSize: 5 }, 8)).toEqual({
    device: 8 * gb,
    capped: true,
    largestBuffer: 5,
  });
});

const timed = (
  id: string,
  flops: number,
  medianMs: number,
  status: CaseResult['status'] = 'pass',
) => ({ id, status, metrics: { flops }, timing: { medianMs } }) as unknown as CaseResult;

test('speed is that of right 4-bit products, and time follows from the slowest and the fastest', () => {
  expect(
    measuredSpeed([
      timed('speed.ops:silu', 1e9, 1),
      timed('speed.ops:product-4bit-512', 4e9, 1, 'fail'),
    ]),
  ).toBeUndefined();
  const speed = measuredSpeed([
    timed('speed.ops:product-4bit-32', 1e9, 2),
    timed('speed.ops:product-4bit-gradient-512', 4e9, 4),
  ]);
  expect(speed).toEqual({ slowest: 5e11, fastest: 1e12, cases: 2 });
  const [smallest] = forecast({ largestBinding: 2 ** 27 }, speed);
  expect(smallest?.split).toBe(true);
  const [without] = forecast({ largestBinding: 2 ** 27, told: 1e6 }, speed);
  expect(without, 'what has no room is not split').toMatchObject({
    room: 'too-large',
    split: false,
  });
  expect(smallest?.secondsPerStep?.[0]).toBeCloseTo((smallest?.needs.flops ?? 0) / 1e12);
  expect(smallest?.secondsPerStep?.[1]).toBeCloseTo((smallest?.needs.flops ?? 0) / 5e11);
  expect(
    forecast({}, undefined).every(
      ({ secondsPerStep, split }) => secondsPerStep === undefined && !split,
    ),
  ).toBe(true);
});
