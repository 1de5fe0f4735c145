import { describe, expect, test } from 'vitest';
import type { DType } from '../tensor/dtype.ts';
import type { Tensor, Tensors } from '../tensor/tensor.ts';
import { outputDtype, unrounded } from './storage.ts';

/** What the rules read of a tensor. */
const stored = (dtypes: Readonly<Record<string, DType>>) =>
  Object.fromEntries(
    Object.entries(dtypes).map(([name, dtype]) => [name, { dtype } as Tensor]),
  ) as Tensors;

describe('outputs are stored', () => {
  test.each<[string, Record<string, DType>, DType]>([
    ['as the operands, when they agree', { a: 'f16', b: 'f16' }, 'f16'],
    ['in float32, when halves of two formats meet', { a: 'f16', b: 'bf16' }, 'f32'],
    ['in float32, when one operand is', { a: 'bf16', b: 'f32' }, 'f32'],
    ['as the floats, whatever the indices are', { weight: 'bf16', ids: 'i32' }, 'bf16'],
  ])('%s', (_, inputs, expected) => {
    expect(outputDtype(stored(inputs), {})('y')).toBe(expected);
  });

  test('as the operands that are there', () => {
    const inputs = { ...stored({ x: 'f16' }), bias: undefined };
    expect(outputDtype(inputs, {})('y')).toBe('f16');
  });

  test('as the inputs that decide', () => {
    expect(outputDtype(stored({ x: 'f16', absmax: 'f32' }), { decides: ['x'] })('y')).toBe('f16');
  });

  test('as the input whose next state they are', () => {
    expect(outputDtype(stored({ param: 'f16', exp_avg: 'f32' }), {})('param')).toBe('f16');
    expect(outputDtype(stored({ param: 'f16', exp_avg: 'f32' }), {})('exp_avg')).toBe('f32');
  });

  test('as they are, when they are kept', () => {
    expect(outputDtype(stored({ x: 'f16' }), { keeps: ['rstd'] })('rstd')).toBeUndefined();
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
});
