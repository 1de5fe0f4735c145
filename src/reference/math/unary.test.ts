import { describe, expect, test } from 'vitest';
import { relu as signature } from '../../vocabulary/math/relu.ts';
import type { Acceptance, Value } from '../record.ts';
import { record as relu } from './relu.ts';
import { unarySimulation } from './unary.ts';

const FLUSH = 2 ** -126;
const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});
const arithmetic = { depth: (terms: number) => terms, ieee: false };

/** Which of some numbers are right of element `i`. */
const right = (acceptance: Acceptance | undefined, i: number, numbers: readonly number[]) =>
  acceptance?.kind === 'codes' ? numbers.filter((x) => acceptance.accepts(i, x)) : [];

describe('a number that is chosen', () => {
  test('is itself, or any denormal in place of another', () => {
    const x = of(5, 1e-40, 0);
    const { y } = relu.acceptance({ x }, relu.forward({ x }, {}), {}, arithmetic);
    const numbers = [5, 0, 1e-41, -1e-41, FLUSH, 6];
    expect(right(y, 0, numbers)).toEqual([5]);
    expect(right(y, 1, numbers)).toEqual([0, 1e-41, -1e-41]);
    expect(right(y, 2, numbers)).toEqual([0, 1e-41, -1e-41]);
  });

  test('passes its gradient; one that is denormal may be taken for 0', () => {
    const x = of(1, -1, 0, 1e-40, -1e-40, FLUSH, 1e-40);
    const grads = { y: of(7, 7, 7, 7, 7, 7, 1e-40) };
    const { vjp, vjpAcceptance } = relu as Required<typeof relu>;
    const acceptance = vjpAcceptance({ x }, vjp({ x }, {}, grads), {}, grads, arithmetic)['x'];
    const numbers = [7, 0, 1e-41, 1, -7];
    expect(right(acceptance, 0, numbers)).toEqual([7]);
    expect(right(acceptance, 1, numbers)).toEqual([0, 1e-41]);
    expect(right(acceptance, 2, numbers)).toEqual([0, 1e-41]);
    expect(right(acceptance, 3, numbers)).toEqual([7, 0, 1e-41]);
    expect(right(acceptance, 4, numbers)).toEqual([7, 0, 1e-41]);
    expect(right(acceptance, 5, numbers)).toEqual([7]);
    expect(right(acceptance, 6, numbers)).toEqual([0, 1e-41]);
  });
});

test('a function without arithmetic has no simulation', () => {
  const none = 'relu computes nothing that could be simulated';
  for (const half of [{}, { computed: Math.abs }, { computedGradient: Math.abs }]) {
    const truth = { params: [{}], ...half };
    expect(() => unarySimulation(signature, truth as never, 1)).toThrow(none);
  }
});
