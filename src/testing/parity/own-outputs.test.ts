import { describe, expect, test } from 'vitest';
import { judge } from '../../reference/judge.ts';
import type { Value } from '../../reference/record.ts';
import { ownDequant } from './own-outputs.ts';

const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});

describe('a dequantized weight', () => {
  test('of blocks is the code of each element times the scale of its block', () => {
    const inputs = { code: of(-1, 0, 0.5, 1) };
    const produced = { q: of(3, 2, 1, 0, 2), absmax: of(2, 10, 100), dequant: of(9, 9, 9, 9, 9) };
    const own = ownDequant('quantize_blockwise', inputs, produced, { blocksize: 2 });
    expect(own?.truth).toEqual(of(2, 1, 0, -10, 50));
    expect(own?.basis).toBe('its own codes and scales give');
  });

  test('of trits is each times the scale', () => {
    const produced = { trits: of(-1, 0, 1), scale: of(0.25), dequant: of(0, 0, 0) };
    for (const op of ['ternary_quantize', 'bitnet_quantize'])
      expect(ownDequant(op, {}, produced, {})?.truth).toEqual(of(-0.25, 0, 0.25));
  });

  test('of 4 bits is what its codes decode to, in the shape of the weight', () => {
    // nf4: code 15 is 1, code 7 is 0, code 0 is -1.
    const packed: Value = { shape: [2, 1], data: Float64Array.of(0xf7, 0x0f) };
    const produced = {
      packed,
      absmax: of(3),
      dequant: { shape: [2, 2], data: new Float64Array(4) },
    };
    const inputs = { weight: { shape: [2, 2], data: new Float64Array(4) } };
    const params = { quant_type: 'nf4', blocksize: 64, dtype: 'float32', shape: [9] };
    const own = ownDequant('quantize_4bit', inputs, produced, params);
    expect([...(own?.truth.data ?? [])]).toEqual([3, 0, -3, 3]);
    expect(own?.truth.shape).toEqual([2, 2]);
  });

  test('may be off by a unit, and by a step of the format that it is stored in', () => {
    const of1 = (dtype?: 'f16') => {
      const dequant = { ...of(1), ...(dtype ? { dtype } : {}) };
      const produced = { trits: of(1), scale: of(1), dequant };
      return ownDequant('ternary_quantize', {}, produced, {}) as NonNullable<
        ReturnType<typeof ownDequant>
      >;
    };
    const right = (y: number, { truth, acceptance }: ReturnType<typeof of1>) =>
      judge(of(y), truth, acceptance).ok;
    expect([1 + 2 ** -23, 1 + 2 ** -22].map((y) => right(y, of1()))).toEqual([true, false]);
    expect([1 + 2 ** -10, 1 + 2 ** -9].map((y) => right(y, of1('f16')))).toEqual([true, false]);
    const zero = ownDequant(
      'ternary_quantize',
      {},
      { trits: of(0), scale: of(1), dequant: of(0) },
      {},
    );
    expect(zero?.acceptance).toMatchObject({ bound: Float64Array.of(2 ** -126) });
  });

  test('may be off by a unit of its own size, whatever stands beside it', () => {
    const produced = { q: of(0, 1), absmax: of(1, 1024), dequant: of(0, 0) };
    const inputs = { code: of(0.25, 1) };
    const own = ownDequant('quantize_blockwise', inputs, produced, { blocksize: 1 });
    // 2^-23 of 1/4 and of 1024.
    expect(own?.acceptance).toMatchObject({ bound: Float64Array.of(2 ** -25, 2 ** -13) });
  });

  test('is judged so only where its party has codes and scales', () => {
    const dequant = of(1);
    const none = (op: string, produced: object, inputs: object = {}) =>
      expect(ownDequant(op, inputs as never, produced as never, { blocksize: 2 })).toBeUndefined();
    none('mul', { dequant });
    none('ternary_quantize', { trits: of(1), scale: of(1) });
    none('ternary_quantize', { dequant, trits: of(1) });
    none('ternary_quantize', { dequant, scale: of(1) });
    const code = of(1);
    none('quantize_blockwise', { dequant, q: of(0) }, { code });
    none('quantize_blockwise', { dequant, absmax: of(1) }, { code });
    none('quantize_blockwise', { dequant, q: of(0), absmax: of(1) });
    none('quantize_4bit', { dequant, packed: of(1) }, { weight: of(1) });
    none('quantize_4bit', { dequant, absmax: of(1) }, { weight: of(1) });
  });
});
