import { describe, expect, test } from 'vitest';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import type { Acceptance, Value } from '../record.ts';
import { record } from './log_softmax.ts';

const of = (...data: readonly number[]): Value => ({
  shape: [1, data.length],
  data: Float64Array.from(data),
});
const exact = { depth: () => 0, ieee: false };
const boundOf = (acceptance: Acceptance | undefined): readonly number[] =>
  acceptance?.kind === 'within' ? [...acceptance.bound] : [];
const { vjp, vjpAcceptance } = record as Required<typeof record>;

describe('log-softmax', () => {
  test('of a class far from the others is their distance, its gradient none', () => {
    const inputs = { x: of(0, -1000) };
    expect([...record.forward(inputs, {}).y.data]).toEqual([-0, -1000]);
    const { x } = vjp(inputs, {}, { y: of(2, 3) });
    expect([...(x as Value).data]).toEqual([2 - 5, 3]);
  });

  test('errs by the logarithm, by the difference and by their sum', () => {
    const { y } = record.acceptance({ x: of(0, -1000) }, { y: of(0, -1000) }, {}, exact);
    const shared = 3 * EPS + 2 ** -21;
    expect(boundOf(y)).toEqual([
      expect.closeTo(shared * SECOND_ORDER, 15),
      expect.closeTo((shared + 2000 * EPS) * SECOND_ORDER, 12),
    ]);
  });

  test('of two that are equal errs by the logarithm as near 1 it does', () => {
    const { y } = record.acceptance({ x: of(5, 5) }, { y: of(0, 0) }, {}, exact);
    const bound = 3 * EPS + 2 ** -21 + EPS * Math.LN2;
    expect(boundOf(y)).toEqual(new Array(2).fill(expect.closeTo(bound * SECOND_ORDER, 15)));
  });

  test('may lose what is flushed of the gradients of others where it has none', () => {
    const inputs = { x: of(0, -1000) };
    const grads = { y: of(2 ** 20, 0) };
    const { x } = vjpAcceptance(inputs, vjp(inputs, {}, grads), {}, grads, exact);
    expect((boundOf(x)[1] as number) / FLUSH).toBeCloseTo(3 + 2 ** 21, 3);
  });
});
