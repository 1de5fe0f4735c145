import { expect, test } from 'vitest';
import { hostTensorFrom } from '../../tensor/host.ts';
import { bundleOf, f32, replayed } from './fixtures/replayed.ts';

/** What is found of a code that a library gave the number 7.5, whose scale is 1. */
async function foundOf(code: number, device: string) {
  const bundle = bundleOf('quantize_linear', {
    inputs: { x: f32(7.5), scale: f32(1) },
    outputs: { q: hostTensorFrom('u8', [1], [code]) },
  });
  const { thrown, evidence } = await replayed({ ...bundle, device });
  expect(thrown).toBeUndefined();
  return evidence.finding?.message;
}

test('a tie has one code where a library computes on a processor as its formula is written', async () => {
  expect(await foundOf(8, 'cpu')).toBeUndefined();
  expect(await foundOf(7, 'cpu')).toBe(
    'torch 2 (cpu): q[0] is 7, the float64 oracle gives 8; 1 of 1 elements differ',
  );
});

test('elsewhere it has either, and no other', async () => {
  expect(await foundOf(7, 'mps')).toBeUndefined();
  expect(await foundOf(8, 'mps')).toBeUndefined();
  expect(await foundOf(6, 'mps')).toContain('q[0] is 6');
});
