import { describe, expect, test } from 'vitest';
import { truthOf } from '../reference/truth.ts';
import { valuesOfHosts } from '../reference/values.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { loraLinear } from '../vocabulary/lora/lora_linear.ts';
import { partsOfLora } from './parts-of-lora.ts';

const f32 = (shape: readonly number[], ...values: readonly number[]) =>
  hostTensorFrom('f32', shape, values);

/** Two rows of three features to two outputs, of rank 1. */
const inputs = {
  x: f32([1, 2, 3], 1, 2, 3, 4, 5, 6),
  weight: f32([2, 3], 1, 0, 0, 0, 1, 0),
  lora_A: f32([1, 3], 1, 1, 1),
  lora_B: f32([2, 1], 2, -1),
};
const call = {
  op: loraLinear,
  variant: 'register',
  params: { r: 1, alpha: 1 },
  inputs,
  name: 'x',
  level: 'legal',
} as const;
const dy = f32([1, 2, 2], 1, 2, 3, 4);

/** What each part computes of its operands. */
const told = (of: Parameters<typeof partsOfLora>[0]) =>
  partsOfLora(of).map(({ op, params, inputs: operands }) => {
    const y = truthOf({ op, params, inputs: valuesOfHosts(operands) })['y'];
    return [op.name, y?.shape, [...(y?.data ?? [])]];
  });

describe('the parts of a linear with an adapter', () => {
  test('forward are the products with the frozen weight, and into the rank', () => {
    expect(told(call)).toEqual([
      ['matmul', [1, 2, 2], [1, 2, 4, 5]],
      ['matmul', [1, 2, 1], [6, 15]],
    ]);
  });

  test('backward are those of the gradients, rows together', () => {
    expect(told({ ...call, grads: { y: dy } })).toEqual([
      // dy B, and x A^T again.
      ['matmul', [1, 2, 1], [0, 2]],
      ['matmul', [1, 2, 1], [6, 15]],
      // dy^T (x A^T), (dy B)^T x, and dy W.
      ['matmul', [2, 1], [51, 72]],
      ['matmul', [1, 3], [8, 10, 12]],
      ['matmul', [1, 2, 3], [1, 2, 0, 3, 4, 0]],
    ]);
  });

  test('with DoRA take the gradient times magnitude by the length of each row', () => {
    // Rows of W + B A are 3, 2, 2 and -1, 0, -1: of lengths sqrt 17 and sqrt 2.
    const magnitude = f32([2], 2 * Math.sqrt(17), Math.SQRT2 / 2);
    const dora = {
      ...call,
      params: { r: 1, alpha: 1, use_dora: true },
      inputs: { ...inputs, magnitude },
    };
    const [outOfRank] = told({ ...dora, grads: { y: dy } });
    // Twice the first column and half of the second, by 2 and -1.
    expect(outOfRank?.[2]).toEqual([expect.closeTo(4 - 1, 5), expect.closeTo(12 - 2, 5)]);
    expect(told(dora)).toHaveLength(2);
  });

  test('with a weight in 4 bits have its own product', () => {
    const { weight: _, ...others } = inputs;
    // nf4: 15 is 1, 7 is 0. Blocks of 64, a scale of 2.
    const packed = hostTensorFrom('u8', [3, 1], [0xf7, 0x77, 0xf7]);
    const quantized = { ...others, packed, absmax: f32([1], 2) };
    const params = { r: 1, alpha: 1, base: 'nf4', blocksize: 64 };
    const four = { ...call, params, inputs: quantized };
    expect(told(four)).toEqual([
      ['matmul_4bit', [1, 2, 2], [2, 4, 8, 10]],
      ['matmul', [1, 2, 1], [6, 15]],
    ]);
    expect(told({ ...four, grads: { y: dy } }).at(-1)).toEqual([
      'matmul_4bit',
      [1, 2, 3],
      [2, 4, 0, 6, 8, 0],
    ]);
  });

  test('without a frozen weight are the adapter alone', () => {
    const { weight: _, ...others } = inputs;
    expect(told({ ...call, inputs: others })).toEqual([['matmul', [1, 2, 1], [6, 15]]]);
    expect(told({ ...call, inputs: others, grads: { y: dy } })).toHaveLength(4);
  });
});
