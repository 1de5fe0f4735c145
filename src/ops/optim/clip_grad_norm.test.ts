import { expect, test } from 'vitest';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { launchesIn } from '../../gpu/trace.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { depthOf } from '../variants.ts';
import { clipGradients, clipGradNorm } from './clip_grad_norm.ts';

test('shares of 256 elements, of two words each, follow each other over all gradients', async () => {
  const { gpu } = await hostGpu();
  const grads = [300, 10, 0].map((size) => Tensor.zeros(gpu, [size]));
  const { trace } = gpu.trace(() => clipGradients(gpu, grads, { max_norm: 1 }));
  const launches = launchesIn(trace.commands);
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

test('its sum is as deep as a share, what a lane adds of the shares, and six levels', () => {
  const depth = depthOf(clipGradNorm.variants['shares']);
  // 256 terms of a share; of 400 shares seven of a lane.
  expect([7, 1000, 102_400].map(depth)).toEqual([7 + 1 + 6, 256 + 1 + 6, 256 + 7 + 6]);
});
