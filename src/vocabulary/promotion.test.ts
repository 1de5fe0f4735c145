import { describe, expect, test } from 'vitest';
import type { DType } from '../tensor/dtype.ts';
import { add } from './math/add.ts';
import { argmax } from './math/argmax.ts';
import { cast } from './math/cast.ts';
import { clip } from './math/clip.ts';
import { div } from './math/div.ts';
import { exp } from './math/exp.ts';
import { pow } from './math/pow.ts';
import { reduceSum } from './math/reduce_sum.ts';
import { matmul } from './matmul/matmul.ts';
import { promoted, resultTypes } from './promotion.ts';
import { type BundleDType, FLOAT } from './rules.ts';
import { concat } from './shape/concat.ts';
import { gather } from './shape/gather.ts';
import type { Signature } from './signature.ts';

test.each<[DType[], DType | undefined]>([
  [[], 'f32'],
  [['f16', 'f16'], 'f16'],
  [['f16', 'bf16'], 'f32'],
  [['f16', 'i32'], 'f16'],
  [['u8', 'u8'], 'u8'],
  [['u8', 'i32'], 'i32'],
  [['i8', 'u8', 'i32'], 'i32'],
  [['u8', 'i8'], undefined],
  [['u8', 'i8', 'bf16'], 'bf16'],
])('operands of %j meet as %s, as in torch', (dtypes, type) => {
  expect(promoted(dtypes)).toBe(type);
});

describe('results have the types', () => {
  const of = (signature: Signature, params: object, inputs: Record<string, BundleDType>) =>
    resultTypes(signature, 'y', inputs, params);

  test('of their operands', () => {
    expect(of(add, {}, { a: 'I8', b: 'I8' })).toEqual(['I8']);
    expect(of(add, {}, { a: 'U8', b: 'I32' })).toEqual(['I32']);
    expect(of(add, {}, { a: 'U8', b: 'F16' })).toEqual(['F16']);
    expect(of(add, {}, { a: 'F16', b: 'F16' })).toEqual(['F16']);
    expect(of(add, {}, { a: 'BF16', b: 'F16' })).toEqual(['F32']);
    expect(of(add, {}, { a: 'F64', b: 'F16' })).toEqual(['F64']);
    expect(of(concat, { axis: 0 }, { x0: 'F16', x1: 'F32', x2: 'I32' })).toEqual(['F32']);
    expect(of(exp, {}, { x: 'BF16' })).toEqual(['BF16']);
    expect(of(pow, {}, { a: 'F16', b: 'I32' })).toEqual(['F16', 'F64']);
    expect(of(pow, {}, { a: 'U8', b: 'I32' })).toEqual(['I32']);
    expect(of(gather, {}, { x: 'U8', indices: 'I32' })).toEqual(['U8']);
    expect(() => of(add, {}, { a: 'U8', b: 'I8' })).toThrow(
      'the type of U8 with I8 is int16 in torch, which no bundle holds',
    );
  });

  test('that sums, quotients, places and casts have', () => {
    expect(of(reduceSum, {}, { x: 'U8' })).toEqual(['I32']);
    expect(of(reduceSum, {}, { x: 'F64' })).toEqual(['F64']);
    expect(of(reduceSum, {}, { x: 'BF16' })).toEqual(['BF16', 'F32', 'F64']);
    expect(of(div, {}, { a: 'F16', b: 'I32' })).toEqual(['F16']);
    expect(of(div, { rounding_mode: 'floor' }, { a: 'I32', b: 'I32' })).toEqual(['I32']);
    expect(of(div, {}, { a: 'I32', b: 'I32' })).toEqual(FLOAT);
    expect(of(argmax, {}, { x: 'F32' })).toEqual(['I32']);
    expect(of(cast, { to: 'float16' }, { x: 'F32' })).toEqual(['F16']);
    expect(of(cast, { to: 'bool' }, { x: 'F32' })).toEqual(['U8']);
    expect(of(cast, { to: 'float64' }, { x: 'F32' })).toEqual(['F64']);
  });

  test('of the one type of integers whose matrices are multiplied', () => {
    const params = { transpose_a: false, transpose_b: false, alpha: -3, beta: 2 };
    expect(of(matmul, params, { a: 'U8', b: 'U8', bias: 'U8' })).toEqual(['U8']);
    expect(of(matmul, params, { a: 'F16', b: 'F32' })).toEqual(['F32']);
    expect(of(matmul, params, { a: 'F16', b: 'F16' })).toEqual(['F16', 'F32']);
    const words = 'torch multiplies no';
    expect(() => of(matmul, params, { a: 'I32', b: 'I8' })).toThrow(`${words} I32 with I8`);
    expect(() => of(matmul, params, { a: 'F32', b: 'F32', bias: 'I32' })).toThrow(
      `${words} F32 with I32: integers have one type`,
    );
    for (const factor of [0.5, 2 ** 31, -(2 ** 31) - 1]) {
      const told = `integers are multiplied by integers of 32 bits, and ${factor} is none`;
      for (const wrong of [{ alpha: factor }, { beta: factor }]) {
        const asked = { ...params, ...wrong };
        expect(() => of(matmul, asked, { a: 'I32', b: 'I32' })).toThrow(told);
        expect(of(matmul, asked, { a: 'F32', b: 'F32' })).toEqual(['F32']);
      }
    }
    const ends = { ...params, alpha: 2 ** 31 - 1, beta: -(2 ** 31) };
    expect(of(matmul, ends, { a: 'I32', b: 'I32' })).toEqual(['I32']);
  });

  test('of integers between bounds that are integers', () => {
    expect(of(clip, { min: -1 }, { x: 'I8' })).toEqual(['I8']);
    expect(of(clip, { max: 0.5 }, { x: 'F16' })).toEqual(['F16']);
    const words = 'integers between bounds that are no integers become floats: cast x';
    expect(() => of(clip, { max: 0.5 }, { x: 'I8' })).toThrow(words);
    expect(() => of(clip, { min: 0.5, max: 1 }, { x: 'I8' })).toThrow(words);
  });
});
