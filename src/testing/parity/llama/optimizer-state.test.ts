import { expect, test } from 'vitest';
import type { StepState } from '../../../reference/step/state.ts';
import { hostTensorFrom } from '../../../tensor/host.ts';
import { keptIn, type Places, writtenState } from './optimizer-state.ts';

const layout: Places = {
  entries: new Map([
    ['a.w', { shape: [2], offset: 0 }],
    ['b.w', { shape: [3], offset: 4 }],
  ]),
};
const of = (...data: number[]) => ({ shape: [data.length], data: Float64Array.from(data) });
const state: StepState = {
  trained: { 'a.w': of(1, 2), 'b.w': of(3, 4, 5) },
  kept: { exp_avg: { 'a.w': of(6, 7), 'b.w': of(8, 9, 10) } },
  taken: 9,
  scheduled: 9,
  scale: 1024,
  growth_tracker: 3,
  statistics: {},
};
const zeros = (size: number, dtype: 'f32' | 'u8' | 'i32' = 'f32') =>
  hostTensorFrom(dtype, [size], new Float64Array(size));
const written = (tensors: Parameters<typeof writtenState>[1]['tensors']) => {
  const { step, tensors: found } = writtenState(state, { step: 0, tensors }, layout);
  return { step, ...Object.fromEntries(Object.entries(found).map(([k, x]) => [k, [...x.data]])) };
};

test('parameters and what is kept lie where the layout has them, and numbers beside them', () => {
  const tensors = {
    ...{ param: zeros(8), exp_avg: zeros(8) },
    ...{ scale: zeros(1), growth_tracker: zeros(1, 'i32'), steps: zeros(1, 'i32') },
  };
  expect(written(tensors)).toEqual({
    step: 9,
    param: [1, 2, 0, 0, 3, 4, 5, 0],
    exp_avg: [6, 7, 0, 0, 8, 9, 10, 0],
    ...{ scale: [1024], growth_tracker: [3], steps: [9] },
  });
});

test('what is kept of a parameter by itself is codes or floats, as the optimizer has it', () => {
  const tensors = { 'a.w.exp_avg': zeros(2, 'u8'), 'b.w.exp_avg': zeros(3) };
  expect(written(tensors)).toEqual({ step: 9, 'a.w.exp_avg': [6, 7], 'b.w.exp_avg': [8, 9, 10] });
});

test('a copy that is trained goes by the name of what it is a copy of', () => {
  const tensors = { 'retrained.a.w.exp_avg': zeros(2, 'u8'), 'b.w.exp_avg': zeros(3) };
  const { tensors: found } = writtenState(state, { step: 0, tensors }, layout);
  expect([...(found['retrained.a.w.exp_avg']?.data ?? [])]).toEqual([6, 7]);
  expect(keptIn({ step: 9, tensors: found }, layout)).toEqual(state.kept);
});

test('what was written is read back by its names', () => {
  const flat = { param: zeros(8), exp_avg: zeros(8), scale: zeros(1) };
  const own = { 'a.w.exp_avg': zeros(2), 'b.w.exp_avg': zeros(3, 'u8') };
  for (const tensors of [flat, own])
    expect(keptIn(writtenState(state, { step: 0, tensors }, layout), layout)).toEqual(state.kept);
});
