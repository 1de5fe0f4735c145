import { describe, expect, test } from 'vitest';
import type { Acceptance, Value } from '../record.ts';
import { halfLimitOf, isHeldInHalves, unheldInHalves } from './half-limits.ts';
import { isCurve, limitOf, narrowLimitOf, outputsOf } from './limits.ts';
import type { LlamaRan } from './run.ts';

const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});
/** Numbers that are worked out by hand, near to the last digits. */
const near = (...bounds: readonly number[]) => bounds.map((x) => expect.closeTo(x, 12));
const boundOf = (acceptance: Acceptance) =>
  acceptance.kind === 'within' ? [...acceptance.bound] : [];

describe('a number of each step', () => {
  test.each(['losses', 'grad_norms', 'lrs', 'scale'])('may be 1e-4 of itself off: %s', (name) => {
    expect(boundOf(limitOf(name, of(4, -10, 0)))).toEqual(near(0.000401, 0.001001, 0.000001));
  });

  test('is a curve where roundings lead it apart', () => {
    expect(['losses', 'grad_norms', 'lrs', 'scale', 'logits_step0'].filter(isCurve)).toEqual([
      'losses',
      'grad_norms',
    ]);
  });

  test('may be ten roundings or ten spreads off where the GPU rounds to nearest', () => {
    const truth = of(4, 10, 100);
    const rounding = 2 ** -23;
    expect(boundOf(narrowLimitOf('losses', truth))).toEqual(
      near(40 * rounding + 1e-6, 100 * rounding + 1e-6, 1000 * rounding + 1e-6),
    );
    const spread = Float64Array.of(1e-6, 2e-9, 1);
    // Of the last the wide limit is less.
    expect(boundOf(narrowLimitOf('losses', truth, spread))).toEqual(
      near(1e-5 + 1e-6, 100 * rounding + 1e-6, 0.010001),
    );
  });
});

test('a tensor may be 1e-3 of its largest element off', () => {
  expect(boundOf(limitOf('final.w', of(1, -5, 0)))).toEqual(near(0.005001, 0.005001, 0.005001));
  expect(boundOf(limitOf('logits_step0', of(0.5)))).toEqual(near(0.000501));
});

test('outputs have the names of the vocabulary', () => {
  const ran = {
    losses: of(1),
    lrs: of(2),
    logits_step0: of(3),
    grad0: { w: of(4) },
    final: { w: of(5) },
  } as unknown as LlamaRan;
  expect(outputsOf(ran)).toEqual({
    losses: of(1),
    lrs: of(2),
    logits_step0: of(3),
    'grad0.w': of(4),
    'final.w': of(5),
  });
  const all = { ...ran, grad_norms: of(6), scale: of(7) } as unknown as LlamaRan;
  expect(Object.keys(outputsOf(all))).toEqual([
    'losses',
    'grad_norms',
    'lrs',
    'scale',
    'logits_step0',
    'grad0.w',
    'final.w',
  ]);
});

describe('of a run with products in halves', () => {
  test('losses of twenty steps are held, and what the first step gives', () => {
    const names = ['losses', 'grad_norms', 'lrs', 'scale', 'logits_step0', 'grad0.w', 'final.w'];
    expect(names.filter(isHeldInHalves)).toEqual([
      'losses',
      'lrs',
      'scale',
      'logits_step0',
      'grad0.w',
    ]);
    const long = { shape: [22], data: new Float64Array(22) };
    expect([...unheldInHalves('losses', long)]).toEqual([...new Array(20).fill(0), 1, 1]);
    expect([...unheldInHalves('lrs', long)]).toEqual(new Array(22).fill(0));
  });

  test('a loss may be a hundredth off, a tensor ten spreads, and the rest as ever', () => {
    const spread = { 'grad0.w': 0.5 };
    expect(boundOf(halfLimitOf('losses', of(3, -2), spread))).toEqual(near(0.030001, 0.020001));
    expect(boundOf(halfLimitOf('grad0.w', of(3, -2), spread))).toEqual([5, 5]);
    expect(boundOf(halfLimitOf('lrs', of(10), spread))).toEqual(near(0.001001));
    expect(boundOf(halfLimitOf('logits_step0', of(10), spread))).toEqual(near(0.010001));
  });
});
