import { describe, expect, test } from 'vitest';
import { drawSample } from '../drawn.ts';
import { boundUsed, LEGAL_GPUS, type LegalArithmetic } from '../legal-arithmetic.ts';
import type { Value, Values } from '../record.ts';
import { record } from './rms_norm.ts';

const ARITHMETIC = { depth: (terms: number) => terms, ieee: false };
const differentiable = record as Required<typeof record>;
const matrix = (...rows: readonly (readonly number[])[]): Value => ({
  shape: [rows.length, rows[0]?.length ?? 0],
  data: Float64Array.from(rows.flat()),
});
const vector = (...data: number[]): Value => ({ shape: [data.length], data: Float64Array.from(data) });

describe('RMSNorm', () => {
  test('divides by the root mean square, then weighs', () => {
    const { y } = record.forward({ x: matrix([3, -3, 3, -3], [1, 7, -5, 5]), weight: vector(1, 2, 3, 4) }, { eps: 0 });
    expect(Array.from((y as Value).data.subarray(0, 4))).toEqual([1, -2, 3, -4]);
    expect((y as Value).data[5]).toBeCloseTo((2 * 7) / 5, 14);
  });

  test('does not change when a row is scaled, unless eps rules', () => {
    const weight = vector(1, -1, 2);
    const y = (scale: number, eps: number) =>
      (record.forward({ x: matrix([scale, 2 * scale, -scale]), weight }, { eps })['y'] as Value).data[1];
    expect(y(1e-3, 0)).toBeCloseTo(y(1e3, 0) as number, 12);
    expect(y(1e-9, 1)).toBeCloseTo(-2e-9, 15);
  });

  test('has no gradient along the row itself without eps', () => {
    const x = matrix([0.5, -2, 3]);
    const { x: dx } = differentiable.vjp({ x, weight: vector(1, 2, -1) }, { eps: 0 }, { y: matrix([1, 4, 9]) });
    expect((dx as Value).data.reduce((sum, d, i) => sum + d * (x.data[i] as number), 0)).toBeCloseTo(0, 12);
  });
});

/** The kernels' formulas on a simulated GPU. */
function simulate(gpu: LegalArithmetic, inputs: Values, grads: Values, eps: number): { y: number[]; dx: number[]; dweight: number[] } {
  const [x, weight, dy] = [inputs['x'] as Value, inputs['weight'] as Value, grads['y'] as Value];
  const r = (value: number) => gpu.round(value);
  const width = weight.data.length;
  const result = { y: [] as number[], dx: [] as number[], dweight: new Array<number>(width).fill(0) };
  for (let first = 0; first < x.data.length; first += width) {
    const row = Array.from(weight.data, (w, c) => ({ w, c, x: x.data[first + c] as number, dy: dy.data[first + c] as number }));
    const squares = row.reduce((sum, e) => r(sum + r(e.x * e.x)), 0);
    const scale = gpu.inverseSqrt(r(gpu.divide(squares, width) + Math.fround(eps)));
    const sum = row.reduce((total, e) => r(total + r(r(e.w * e.dy) * e.x)), 0);
    const along = gpu.divide(r(r(scale * scale) * sum), width);
    for (const e of row) {
      result.y.push(r(e.w * r(e.x * scale)));
      result.dx.push(r(scale * r(r(e.w * e.dy) - r(e.x * along))));
      result.dweight[e.c] = r((result.dweight[e.c] as number) + r(e.dy * r(e.x * scale)));
    }
  }
  return result;
}

describe.each(LEGAL_GPUS.map((gpu, i) => [i, gpu] as const))('bounds of RMSNorm hold on legal GPU %i', (_, gpu) => {
  test.each(record.samples.map((sample) => [JSON.stringify(sample.label), sample] as const))('%s', (_name, { params, ...sample }) => {
    const { inputs, grads = {} } = drawSample({ ...sample, params } as never);
    const actual = simulate(gpu, inputs, grads, params.eps);
    const oracle = record.forward(inputs, params);
    expect(boundUsed(actual.y, oracle['y'] as Value, record.acceptance(inputs, oracle, params, ARITHMETIC)['y'])).toBeLessThanOrEqual(1);

    const gradients = differentiable.vjp(inputs, params, grads);
    const accepted = differentiable.vjpAcceptance(inputs, gradients, params, grads, ARITHMETIC);
    expect(boundUsed(actual.dx, gradients['x'] as Value, accepted['x'])).toBeLessThanOrEqual(1);
    expect(boundUsed(actual.dweight, gradients['weight'] as Value, accepted['weight'])).toBeLessThanOrEqual(1);
  });
});
