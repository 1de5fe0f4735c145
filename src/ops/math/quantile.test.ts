import { expect, test } from 'vitest';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { describedCall, launchesOf } from '../fixtures/launches.ts';
import { quantile } from './quantile.ts';

/** The workgroups that count, for so many channels of one element. */
async function workgroupsOf(channels: number): Promise<readonly number[] | undefined> {
  const { gpu } = await hostGpu();
  using x = Tensor.zeros(gpu, [channels, 1]);
  const { trace } = gpu.trace(() => quantile.forward(gpu, { x }, { q: 0.5, per_channel: true }));
  return trace.commands
    .flatMap((command) => (command.kind === 'dispatch' ? [command.launch] : []))
    .find(({ shader }) => shader.file === 'math/quantile_count')?.workgroups;
}

test('as many channels as a dimension of a grid has are taken, and no more', async () => {
  expect(await workgroupsOf(65_535)).toEqual([1, 65_535, 1]);
  await expect(workgroupsOf(65_536)).rejects.toThrow(
    'quantile: 65536 channels are more than 65535',
  );
});

test.each([
  [{ x: [0] }, 0.5, 'quantile: there is no quantile of no elements'],
  [{ x: [5] }, -0.25, 'quantile: q is -0.25; give a share from 0 to 1'],
  [{ x: [5] }, 1.25, 'quantile: q is 1.25; give a share from 0 to 1'],
  [{ x: [5] }, Number.NaN, 'quantile: q is NaN; give a share from 0 to 1'],
])('refuses %j at %d', async (inputs, q, message) => {
  await expect(describedCall('quantile', { inputs, params: { q } })).rejects.toThrow(message);
});

test.each([
  // The first and the last of five, and the only one.
  [5, 0, 0],
  [5, 1, 4],
  [1, 1, 0],
])('of %d at %d begins at rank %d', async (size, q, rank) => {
  const { commands } = await describedCall('quantile', { inputs: { x: [size] }, params: { q } });
  expect(commands[0]).toMatchObject({ kernel: 'shape/fill', uniforms: { count: 3, bits: rank } });
});

test.each([
  [4096, 1],
  [4097, 2],
])('%i elements are counted by %i workgroups', async (size, groups) => {
  const launches = await launchesOf('quantile', { inputs: { x: [size] }, params: { q: 0.5 } });
  const count = launches.find(({ shader }) => shader.file === 'math/quantile_count');
  expect(count?.workgroups).toEqual([groups, 1, 1]);
});
