import { describe, expect, test } from 'vitest';
import { Random } from '../../tensor/random.ts';
import { boundUsed, LEGAL_GPUS, type LegalArithmetic } from '../legal-arithmetic.ts';
import type { Value } from '../record.ts';
import { record } from './silu.ts';

const ARITHMETIC = { depth: (terms: number) => terms, ieee: false };
const differentiable = record as Required<typeof record>;
const vector = (...data: number[]): Value => ({ shape: [data.length], data: Float64Array.from(data) });
const forward = (x: Value): Float64Array => (record.forward({ x }, {})['y'] as Value).data;
const gradient = (x: Value, y: Value): Float64Array => (differentiable.vjp({ x }, {}, { y })['x'] as Value).data;

describe('SiLU', () => {
  test('is 0 at 0, x/2 beside it, x far right and 0 far left', () => {
    const [zero, beside, right, left] = forward(vector(0, 1e-8, 1e4, -1e4));
    expect(zero).toBe(0);
    expect(beside).toBeCloseTo(5e-9, 15);
    expect(right).toBe(1e4);
    expect(left).toBeCloseTo(0, 15);
  });

  test('of x and of -x differ by x', () => {
    const random = new Random(3);
    const x = random.fill(50, () => random.normal(20));
    const [plus, minus] = [forward(vector(...x)), forward(vector(...x.map((value) => -value)))];
    for (const [i, value] of x.entries()) expect((plus[i] as number) - (minus[i] as number)).toBeCloseTo(value, 10);
  });

  test('has slope 1/2 at 0 and no slope at its minimum', () => {
    const [zero, minimum] = gradient(vector(0, -1.278464542761074), vector(1, 1));
    expect(zero).toBe(0.5);
    expect(minimum).toBeCloseTo(0, 15);
  });
});

/** The kernels' formulas on a simulated GPU. */
function silu(gpu: LegalArithmetic, x: number): number {
  if (x < -80) return gpu.round(x * gpu.exp(Math.max(x, -200)));
  return gpu.divide(x, gpu.round(1 + gpu.exp(-Math.min(x, 80))));
}

function siluGradient(gpu: LegalArithmetic, x: number, dy: number): number {
  const small = gpu.exp(Math.max(-Math.abs(x), -200));
  const large = gpu.divide(1, gpu.round(1 + small));
  const other = gpu.round(small * large);
  const [s, rest] = x >= 0 ? [large, other] : [other, large];
  return gpu.round(dy * gpu.round(s * gpu.round(1 + gpu.round(x * rest))));
}

describe('bounds of SiLU hold for every legal GPU', () => {
  const random = new Random(1);
  const x = vector(
    ...random.fill(4000, () => Math.fround(random.normal(6))),
    ...random.fill(500, () => Math.fround(random.uniform(-95, -70))),
  );
  const dy = vector(...x.data.map(() => Math.fround(random.normal())));

  test.each(LEGAL_GPUS.map((gpu, i) => [i, gpu] as const))('forward on GPU %i', (_, gpu) => {
    const outputs = { y: vector(...forward(x)) };
    expect(
      boundUsed(
        x.data.map((value) => silu(gpu, value)),
        outputs.y,
        record.acceptance({ x }, outputs, {}, ARITHMETIC)['y'],
      ),
    ).toBeLessThanOrEqual(1);
  });

  test.each(LEGAL_GPUS.map((gpu, i) => [i, gpu] as const))('backward on GPU %i', (_, gpu) => {
    const gradients = { x: vector(...gradient(x, dy)) };
    const actual = x.data.map((value, i) => siluGradient(gpu, value, dy.data[i] as number));
    expect(
      boundUsed(actual, gradients.x, differentiable.vjpAcceptance({ x }, gradients, {}, { y: dy }, ARITHMETIC)['x']),
    ).toBeLessThanOrEqual(1);
  });
});
