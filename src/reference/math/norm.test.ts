import { describe, expect, test } from 'vitest';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import type { Acceptance, Value } from '../record.ts';
import { record as norm } from './norm.ts';
import { record as reduceMax } from './reduce_max.ts';

const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});
const params = { axes: [0], keepdims: true };
const exact = { depth: () => 0, ieee: false };
const boundOf = (acceptance: Acceptance | undefined) =>
  acceptance?.kind === 'within' ? [...acceptance.bound] : [];

describe('a norm', () => {
  const bounds = (x: Value) =>
    boundOf(norm.acceptance({ x }, norm.forward({ x }, params), params, exact)['y']);

  test('of zeros is off by the root of what is flushed', () => {
    expect(bounds(of(0, 0))).toEqual([Math.sqrt(6 * FLUSH)]);
  });

  test('of more is off by 4.5 units, and by its share of what is flushed', () => {
    const tiny = 2 ** -60;
    expect(bounds(of(tiny))[0]).toBeCloseTo(
      tiny * 4.5 * EPS * SECOND_ORDER + (3 * FLUSH) / tiny,
      28,
    );
    expect(bounds(of(3, 4))[0]).toBeCloseTo(5 * 4.5 * EPS * SECOND_ORDER, 16);
  });

  test('of zeros has no gradient, and one that may be flushed', () => {
    const inputs = { x: of(0, 0) };
    const { vjp, vjpAcceptance } = norm as Required<typeof norm>;
    const gradients = vjp(inputs, params, { y: of(7) });
    expect([...(gradients['x'] as Value).data]).toEqual([0, 0]);
    const { x } = vjpAcceptance(inputs, gradients, params, { y: of(7) }, exact);
    expect(boundOf(x)).toEqual([4 * FLUSH, 4 * FLUSH]);
  });
});

test('a share of a gradient that is almost nothing may be lost, and of nothing none', () => {
  const inputs = { x: of(1, 1, 0) };
  const { vjp, vjpAcceptance } = reduceMax as Required<typeof reduceMax>;
  const grads = { y: of(2 ** -130) };
  const gradients = vjp(inputs, params, grads);
  expect([...(gradients['x'] as Value).data]).toEqual([2 ** -131, 2 ** -131, 0]);
  const { x } = vjpAcceptance(inputs, gradients, params, grads, exact);
  const near = expect.closeTo(3 + 2.5 * EPS * 2 ** -5, 12);
  expect(boundOf(x).map((bound) => bound / FLUSH)).toEqual([near, near, 0]);
});
