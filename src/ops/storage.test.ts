import { describe, expect, test } from 'vitest';
import type { DType } from '../tensor/dtype.ts';
import type { Tensor, Tensors } from '../tensor/tensor.ts';
import { add } from '../vocabulary/math/add.ts';
import { reduceSum } from '../vocabulary/math/reduce_sum.ts';
import { gather } from '../vocabulary/shape/gather.ts';
import type { Signature } from '../vocabulary/signature.ts';
import { outputDtype, type StorageRules, unrounded } from './storage.ts';

/** What the rules read of a tensor. */
const stored = (dtypes: Readonly<Record<string, DType>>) =>
  Object.fromEntries(
    Object.entries(dtypes).map(([name, dtype]) => [name, { dtype } as Tensor]),
  ) as Tensors;

const typeOf = (
  inputs: Readonly<Record<string, Tensor | undefined>>,
  rules: StorageRules<string>,
  signature: Pick<Signature, 'inputs' | 'outputs'> = { inputs: {}, outputs: {} },
) => outputDtype(signature, inputs, rules);

describe('outputs are stored', () => {
  test.each<[string, Record<string, DType>, DType]>([
    ['as the operands, when they agree', { a: 'f16', b: 'f16' }, 'f16'],
    ['in float32, when halves of two formats meet', { a: 'f16', b: 'bf16' }, 'f32'],
    ['in float32, when one operand is', { a: 'bf16', b: 'f32' }, 'f32'],
    ['as the floats, whatever the indices are', { weight: 'bf16', ids: 'i32' }, 'bf16'],
  ])('%s', (_, inputs, expected) => {
    expect(typeOf(stored(inputs), {})('y')).toBe(expected);
  });

  test('as the operands that are there', () => {
    const inputs = { ...stored({ x: 'f16' }), bias: undefined };
    expect(typeOf(inputs, {})('y')).toBe('f16');
  });

  test('as the inputs that decide', () => {
    expect(typeOf(stored({ x: 'f16', absmax: 'f32' }), { decides: ['x'] })('y')).toBe('f16');
  });

  test('as the input whose next state they are', () => {
    expect(typeOf(stored({ param: 'f16', exp_avg: 'f32' }), {})('param')).toBe('f16');
    expect(typeOf(stored({ param: 'f16', exp_avg: 'f32' }), {})('exp_avg')).toBe('f32');
  });

  test.each<[string, Signature, Record<string, DType>, DType | undefined]>([
    ['as bytes, when operands are', add, { a: 'u8', b: 'u8' }, 'u8'],
    ['as the wider of two integers', add, { a: 'i8', b: 'i32' }, 'i32'],
    ['as the floats that meet integers', add, { a: 'i32', b: 'f16' }, 'f16'],
    ['as what is gathered, whatever the indices are', gather, { x: 'u8', indices: 'i32' }, 'u8'],
    ['as they are, when the op gives no bytes', reduceSum, { x: 'u8' }, undefined],
  ])('%s', (_, signature, inputs, expected) => {
    expect(typeOf(stored(inputs), {}, signature)('y')).toBe(expected);
  });

  test('as they are, when they are kept', () => {
    expect(typeOf(stored({ x: 'f16' }), { keeps: ['rstd'] })('rstd')).toBeUndefined();
  });
});

describe('outputs that lost bits', () => {
  test('are computed again once, and only if they are read', () => {
    const again = stored({ y: 'f32', z: 'f32', rstd: 'f32' });
    let times = 0;
    const kept = stored({ y: 'f16', z: 'bf16', rstd: 'f32' });
    const outputs = unrounded(kept, () => {
      times += 1;
      return again;
    });
    expect(Object.keys(outputs)).toEqual(['y', 'z', 'rstd']);
    expect(outputs['rstd']).toBe(kept['rstd']);
    expect(times).toBe(0);
    expect([outputs['y'], outputs['z'], outputs['y']]).toEqual([
      again['y'],
      again['z'],
      again['y'],
    ]);
    expect(times).toBe(1);
  });

  test('are what is remembered of them', () => {
    const kept = stored({ y: 'f16', y_f32: 'f32' });
    const outputs = unrounded(kept, () => {
      throw new Error('computed again');
    });
    expect(outputs['y']).toBe(kept['y_f32']);
  });
});
