import { expect, test } from 'vitest';
import type { HostTensor } from '../../tensor/host.ts';
import { bundleOf, f32, foundIn, i32, replayed } from './fixtures/replayed.ts';

/** The two largest of three where two are equal, and what flows back. */
const ties = (indices: HostTensor, x: HostTensor, values = f32(5, 5)) => ({
  params: { k: 2 },
  inputs: { x: f32(5, 3, 5) },
  outputs: { values, indices },
  gradsIn: { values: f32(10, 20) },
  gradsOut: { x },
});

test('a producer may take equal elements in any order, each once', async () => {
  expect(await foundIn('topk', ties(i32(0, 2), f32(10, 0, 20)))).toBeUndefined();
  expect(await foundIn('topk', ties(i32(2, 0), f32(20, 0, 10)))).toBeUndefined();
  expect(await foundIn('topk', ties(i32(0, 0), f32(10, 0, 20)))).toBe(
    'torch 2 (cpu): indices[1] is 0, the float64 oracle gives 2; 1 of 2 elements differ',
  );
  expect(await foundIn('topk', ties(i32(0, 1), f32(10, 20, 0), f32(5, 3)))).toContain(
    'values[1] is 3, the float64 oracle gives 5',
  );
});

test('its gradient flows to the elements that it took', async () => {
  const elsewhere = await foundIn('topk', ties(i32(2, 0), f32(10, 0, 20)));
  expect(elsewhere).toBe(
    'torch 2 (cpu): gradient of x[0] is 10, the float64 oracle gives 20; 2 of 3 elements differ',
  );
  expect(await foundIn('topk', ties(i32(0, 2), f32(20, 0, 10)))).toContain('gradient of x[0]');
});

test('so does ours, to those that it took itself', async () => {
  const bundle = bundleOf('topk', ties(i32(2, 0), f32(20, 0, 10)));
  const ours = (x: HostTensor) =>
    replayed(bundle, ({ outputs }) => ({ outputs, gradients: { x } }));
  expect((await ours(f32(10, 0, 20))).thrown).toBeUndefined();
  expect((await ours(f32(20, 0, 10))).thrown).toMatchObject({
    message: 'gradient of x[0] is 20 and should be 10; 2 of 3 elements are wrong',
  });
});
