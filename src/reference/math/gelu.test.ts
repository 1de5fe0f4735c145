import { describe, expect, test } from 'vitest';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import type { Acceptance, Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { record, simulation } from './gelu.ts';

const of = (x: number): Value => ({ shape: [1], data: Float64Array.of(x) });
const boundOf = (acceptance: Acceptance | undefined): number =>
  acceptance?.kind === 'within' ? (acceptance.bound[0] as number) : Number.NaN;

test('where the exponential of the tanh form may be flushed, all of the sigmoid may be lost', () => {
  const params = { approximate: 'tanh' } as const;
  const given = { x: of(-10) };
  const arithmetic = { depth: (terms: number) => terms, ieee: false };
  // sigmoid(u) is exp(u), a little above the smallest normal number; u = -87.3.
  const factor = 2 * Math.sqrt(2 / Math.PI);
  const s = Math.exp(-10 * factor * (1 + 0.044715 * 100));
  expect(s / FLUSH).toBeCloseTo(1.02, 1);
  const { vjp, vjpAcceptance } = record as Required<typeof record>;
  const { y } = record.acceptance(given, record.forward(given, params), params, arithmetic);
  expect((boundOf(y) - 44 * FLUSH) / (10 * s)).toBeCloseTo(1.001, 3);
  const grads = { y: of(1) };
  const gradients = vjp(given, params, grads);
  const { x } = vjpAcceptance(given, gradients, params, grads, arithmetic);
  // And of the slope, x s' u'.
  const slope = 10 * s * factor * (1 + 3 * 0.044715 * 100);
  expect((boundOf(x) - 4016 * FLUSH) / (s + slope)).toBeCloseTo(1.001, 3);
});

test('the definition of the tanh form rounds at the size of 1, times its slope below 20', () => {
  const params = { approximate: 'tanh' } as const;
  const definitionAt = (x: number) => {
    const given = { x: of(x) };
    const grads = { y: of(1) };
    const { vjp, vjpAcceptance } = record as Required<typeof record>;
    const gradients = vjp(given, params, grads);
    const [other, own] = [true, false].map((otherFormulas) => {
      const arithmetic = { depth: (terms: number) => terms, ieee: false, otherFormulas };
      return boundOf(vjpAcceptance(given, gradients, params, grads, arithmetic)['x']);
    });
    return ((other as number) - (own as number)) / (1.5 * EPS * SECOND_ORDER);
  };
  const factor = 2 * Math.sqrt(2 / Math.PI);
  const slopeAt = (x: number) => factor * (1 + 3 * 0.044715 * x * x);
  // The argument is 19.83 at the first, 20 to the last digit at the second.
  expect(definitionAt(5.4)).toBeCloseTo(1 + 2.7 * slopeAt(5.4), 5);
  const twenty = 5.418707454408044;
  expect(twenty * (factor + 0.044715 * factor * twenty * twenty)).toBe(20);
  expect(definitionAt(twenty)).toBeCloseTo(1, 5);
});

test('libraries approximate erf within three units of |x|', () => {
  const given = { x: of(-3) };
  const boundIn = (params: { approximate: 'none' | 'tanh' }) => {
    const [other, own] = [true, false].map((otherFormulas) => {
      const arithmetic = { depth: (terms: number) => terms, ieee: false, otherFormulas };
      return boundOf(record.acceptance(given, {} as never, params, arithmetic)['y']);
    });
    return ((other as number) - (own as number)) / (3 * EPS * SECOND_ORDER);
  };
  expect(boundIn({ approximate: 'none' })).toBeCloseTo(3, 6);
  expect(boundIn({ approximate: 'tanh' })).toBeCloseTo(1.5, 6);
});

describe('beyond 20 what is simulated is computed as there, of the form', () => {
  const seen: number[] = [];
  const gpu = {
    add: (a: number, b: number) => a + b,
    sub: (a: number, b: number) => a - b,
    mul: (a: number, b: number) => {
      seen.push(a, b);
      return a * b;
    },
    mulAdd: (a: number, b: number, c: number) => a * b + c,
    div: (a: number, b: number) => a / b,
    exp: (x: number) => Math.exp(x),
  } as unknown as SimulatedGpu;
  /** Whole factors, but those of 0, 1 and 2. */
  const factors = () => seen.splice(0).filter((a) => Number.isInteger(a) && Math.abs(a) > 2);

  test.each([
    [25, 20],
    [-25, -20],
    [7, 7],
  ])('tanh, at %d', (x, near) => {
    const params = { approximate: 'tanh' } as const;
    simulation.forward(gpu, { x: of(x) }, params, '');
    // The cube of the argument, and x itself.
    expect(factors()).toEqual([near, near, near, x]);
    simulation.backward?.(gpu, { x: of(x) }, params, { y: of(1) }, '');
    expect(factors()).toEqual([near, near, near, near]);
  });

  test.each([
    [25, 20],
    [-26, 20],
    [6, 6],
  ])('erf, at %d', (x, near) => {
    const params = { approximate: 'none' } as const;
    simulation.forward(gpu, { x: of(x) }, params, '');
    // Half of the square, and x itself.
    expect(factors()).toEqual([near, near / 2, near, x]);
    simulation.backward?.(gpu, { x: of(x) }, params, { y: of(1) }, '');
    expect(factors()).toEqual([near, near / 2, near]);
  });
});
