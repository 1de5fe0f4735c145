import { expect, test } from 'vitest';
import { FLUSH } from '../bounds.ts';
import type { Acceptance, Value } from '../record.ts';
import { record } from './gelu.ts';

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
