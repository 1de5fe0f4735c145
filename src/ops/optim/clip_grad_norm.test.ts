import { expect, test } from 'vitest';
import { launchesOf } from '../fixtures/launches.ts';

test('shares of 256 elements, of two words each, follow each other over all gradients', async () => {
  const launches = await launchesOf('clip_grad_norm', {
    inputs: { g0: [300], g1: [10], g2: [0] },
    params: { max_norm: 1 },
  });
  const told = launches.map(({ shader, uniforms = [] }) => [
    shader.file,
    ...(typeof uniforms === 'function' ? uniforms() : uniforms).map(({ value }) => value),
  ]);
  expect(told.slice(0, 4)).toEqual([
    ['optim/grad_norm_shares', 300, 2, 0],
    ['optim/grad_norm_shares', 10, 1, 2],
    ['optim/grad_norm_shares', 0, 1, 3],
    ['optim/grad_norm', 4],
  ]);
  const shares = launches.slice(0, 3).map(({ bindings }) => bindings.at(-1)?.size);
  expect(shares).toEqual(Array(3).fill(4 * 2 * 4));
});
