import { describe, expect, test } from 'vitest';
import { hostTensorFrom } from '../../tensor/host.ts';
import { divisionOn } from './division.ts';
import { bundleOf, f32, foundIn, i32, replayed } from './fixtures/replayed.ts';

test('of a device is what its libraries are known to do', () => {
  expect(divisionOn('cpu')).toBe('nearest');
  expect(divisionOn('cuda:NVIDIA H100')).toBe('nearest-or-reciprocal');
  expect(divisionOn('mps')).toBeUndefined();
  expect(divisionOn('mlx')).toBeUndefined();
});

describe('a recorded quotient that is rounded', () => {
  const floored = (y: number) => ({
    params: { rounding_mode: 'floor' },
    inputs: { a: f32(6, 6), b: f32(2, 0.1) },
    outputs: { y: f32(3, y) },
  });

  test('is not the integer below the quotient that it is', async () => {
    expect(await foundIn('div', floored(59))).toBeUndefined();
    expect(await foundIn('div', floored(60))).toBeUndefined();
    expect(await foundIn('div', floored(58))).toContain('y[1] is 58, the float64 oracle gives 59');
    const below = { ...floored(59), outputs: { y: f32(2, 59) } };
    expect(await foundIn('div', below)).toContain('y[0] is 2, the float64 oracle gives 3');
    const bf16 = (...data: readonly number[]) => hostTensorFrom('bf16', [data.length], data);
    const halves = (y: number) => ({
      params: { rounding_mode: 'floor' },
      inputs: { a: bf16(6), b: bf16(2) },
      outputs: { y: bf16(y) },
    });
    expect([await foundIn('div', halves(3)), await foundIn('div', halves(2))]).toEqual([
      undefined,
      expect.stringContaining('y[0] is 2'),
    ]);
  });

  test('may be either where the device divides as it likes', async () => {
    const told = bundleOf('div', { ...floored(59), outputs: { y: f32(2, 59) } });
    const { evidence } = await replayed({ ...told, device: 'mps' });
    expect(evidence.finding).toBeUndefined();
  });

  test('is not judged where integers are divided by 0', async () => {
    const bundle = bundleOf('div', {
      params: { rounding_mode: 'trunc' },
      inputs: { a: i32(7, 7), b: i32(0, 2) },
      outputs: { y: i32(-1, 3) },
    });
    const { thrown, evidence } = await replayed(bundle);
    expect([thrown, evidence.finding, evidence.assertions]).toEqual([undefined, undefined, 1]);
    const none = bundleOf('div', {
      params: { rounding_mode: 'floor' },
      inputs: { a: i32(7), b: i32(0) },
      outputs: { y: i32(7) },
    });
    expect((await replayed(none)).thrown).toMatchObject({ code: 'unjudged' });
  });
});
