import { describe, expect, test } from 'vitest';
import { type HostTensor, hostTensorFrom } from '../tensor/host.ts';
import { mul } from '../vocabulary/math/mul.ts';
import type { FailedCall } from './failed-call.ts';
import { rowOf } from './one-row.ts';

const counted = (...shape: readonly number[]): HostTensor =>
  hostTensorFrom(
    'f32',
    shape,
    Array.from({ length: shape.reduce((size, n) => size * n, 1) }, (_, i) => i),
  );
const callOf = (inputs: FailedCall['inputs'], grads?: FailedCall['grads']): FailedCall => ({
  op: mul,
  params: { axis: 1 },
  variant: 'naive',
  level: 'legal',
  name: 'w',
  inputs,
  ...(grads ? { grads } : {}),
});
const told = (tensors: FailedCall['inputs'] | undefined) =>
  Object.entries(tensors ?? {}).map(([name, { shape, data }]) => [name, shape, [...data]]);

describe('a call with one row', () => {
  test('has that row of every tensor with as many, and the others whole', () => {
    const x = counted(3, 2, 2);
    const cut = rowOf(callOf({ x, labels: counted(3), w: counted(2, 3) }), 1);
    expect(told(cut?.inputs)).toEqual([
      ['x', [1, 2, 2], [4, 5, 6, 7]],
      ['labels', [1], [1]],
      ['w', [2, 3], [0, 1, 2, 3, 4, 5]],
    ]);
    expect(cut).toMatchObject({ op: mul, params: { axis: 1 }, variant: 'naive', name: 'w' });
    expect(cut).not.toHaveProperty('grads');
    expect(told(rowOf(callOf({ x }), 2)?.inputs)).toEqual([['x', [1, 2, 2], [8, 9, 10, 11]]]);
    expect(told(rowOf(callOf({ x }), 0)?.inputs)).toEqual([['x', [1, 2, 2], [0, 1, 2, 3]]]);
  });

  test('backward has the rows of the input whose gradient is wrong', () => {
    const cut = rowOf(callOf({ x: counted(2, 2), w: counted(3, 1) }, { y: counted(3, 2) }), 2);
    expect(told(cut?.inputs)).toEqual([
      ['x', [2, 2], [0, 1, 2, 3]],
      ['w', [1, 1], [2]],
    ]);
    expect(told(cut?.grads)).toEqual([['y', [1, 2], [4, 5]]]);
  });

  test('goes by x, logits or ids', () => {
    const shapes = (inputs: FailedCall['inputs']) =>
      told(rowOf(callOf(inputs), 1)?.inputs).map(([, shape]) => shape);
    expect(shapes({ logits: counted(4, 2), labels: counted(4) })).toEqual([[1, 2], [1]]);
    expect(shapes({ ids: counted(2), weight: counted(9, 3) })).toEqual([[1], [9, 3]]);
    expect(shapes({ x: counted(2, 1), logits: counted(3, 1) })).toEqual([
      [1, 1],
      [3, 1],
    ]);
  });

  test('is none where nothing would be cut', () => {
    expect(rowOf(callOf({ x: counted(1, 4) }), 0)).toBeUndefined();
    expect(rowOf(callOf({ x: counted(2, 4) }), 2)).toBeUndefined();
    expect(rowOf(callOf({ x: counted(2, 4) }), 3)).toBeUndefined();
    expect(rowOf(callOf({ x: counted() }), 0)).toBeUndefined();
    expect(rowOf(callOf({ a: counted(2, 4) }), 0)).toBeUndefined();
    expect(rowOf(callOf({ x: counted(2, 4) }), 1)).toBeDefined();
  });
});
