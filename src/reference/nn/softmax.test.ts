import { describe, expect, test } from 'vitest';
import { drawSample } from '../drawn.ts';
import { boundUsed, LEGAL_GPUS, type LegalArithmetic } from '../legal-arithmetic.ts';
import type { Value } from '../record.ts';
import { record } from './softmax.ts';

const ARITHMETIC = { depth: (terms: number) => terms, ieee: false };
const differentiable = record as Required<typeof record>;
const row = (...data: number[]): Value => ({ shape: [1, data.length], data: Float64Array.from(data) });
const softmax = (x: Value, axis = -1): Float64Array => (record.forward({ x }, { axis })['y'] as Value).data;

describe('softmax', () => {
  test('of equal elements is 1/n, of two elements the logistic function', () => {
    expect(Array.from(softmax(row(7, 7, 7, 7)))).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect(softmax(row(2, 0))[0]).toBeCloseTo(1 / (1 + Math.exp(-2)), 15);
  });

  test('does not change when a number is added to a row, however large', () => {
    const [small, large] = [softmax(row(1, -2, 0.5)), softmax(row(1e9 + 1, 1e9 - 2, 1e9 + 0.5))];
    for (const [i, p] of small.entries()) expect(large[i]).toBeCloseTo(p, 15);
  });

  test('sums to 1 along the axis that was named', () => {
    const x: Value = { shape: [2, 3], data: Float64Array.of(1, 2, 3, 4, 5, 7) };
    const y = softmax(x, 0);
    for (const c of [0, 1, 2]) expect((y[c] as number) + (y[c + 3] as number)).toBeCloseTo(1, 15);
  });

  test('has a gradient that sums to 0, and none for a constant gradient that flows in', () => {
    const x = row(0.3, -1, 2);
    const gradient = (dy: Value) => (differentiable.vjp({ x }, {}, { y: dy })['x'] as Value).data;
    expect(gradient(row(5, -3, 1)).reduce((a, b) => a + b, 0)).toBeCloseTo(0, 14);
    for (const d of gradient(row(4, 4, 4))) expect(d).toBeCloseTo(0, 14);
  });
});

/** The kernels' formulas on a simulated GPU, for rows along the last axis. */
function simulate(gpu: LegalArithmetic, x: Value, dy: Value): { readonly y: number[]; readonly dx: number[] } {
  const r = (value: number) => gpu.round(value);
  const classes = x.shape.at(-1) as number;
  const [y, dx]: [number[], number[]] = [[], []];
  for (let first = 0; first < x.data.length; first += classes) {
    const values = Array.from(x.data.subarray(first, first + classes));
    const max = Math.max(...values);
    const exps = values.map((value) => gpu.exp(r(value - max)));
    const sum = exps.reduce((total, e) => r(total + e), 0);
    const p = exps.map((e) => gpu.divide(e, sum));
    const mean = p.reduce((total, pi, i) => r(total + r(pi * (dy.data[first + i] as number))), 0);
    y.push(...p);
    dx.push(...p.map((pi, i) => r(pi * r((dy.data[first + i] as number) - mean))));
  }
  return { y, dx };
}

describe.each(LEGAL_GPUS.map((gpu, i) => [i, gpu] as const))('bounds of softmax hold on legal GPU %i', (_, gpu) => {
  const last = record.samples.filter(({ params }) => (params.axis ?? -1) === -1);

  test.each(last.map((sample) => [JSON.stringify(sample.label), sample] as const))('%s', (_name, { params, ...sample }) => {
    const { inputs, grads = {} } = drawSample({ ...sample, params } as never);
    const { y, dx } = simulate(gpu, inputs['x'] as Value, grads['y'] as Value);
    const oracle = record.forward(inputs, params);
    expect(boundUsed(y, oracle['y'] as Value, record.acceptance(inputs, oracle, params, ARITHMETIC)['y'])).toBeLessThanOrEqual(1);
    const gradients = differentiable.vjp(inputs, params, grads);
    const accepted = differentiable.vjpAcceptance(inputs, gradients, params, grads, ARITHMETIC);
    expect(boundUsed(dx, gradients['x'] as Value, accepted['x'])).toBeLessThanOrEqual(1);
  });
});
