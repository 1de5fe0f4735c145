import { expect, test } from 'vitest';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { describedCall, launchesOf } from '../fixtures/launches.ts';
import { quantile } from './quantile.ts';

/** The workgroups of the first kernel, for so many channels of one element. */
async function workgroupsOf(channels: number): Promise<readonly number[] | undefined> {
  const { gpu } = await hostGpu();
  using x = Tensor.zeros(gpu, [channels, 1]);
  const { trace } = gpu.trace(() => quantile.forward(gpu, { x }, { q: 0.5, per_channel: true }));
  const [first] = trace.commands;
  return first?.kind === 'dispatch' ? first.launch.workgroups : undefined;
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
  const { written } = await describedCall('quantile', { inputs: { x: [size] }, params: { q } });
  expect(Object.values(written)).toContainEqual([0, rank, 0]);
});

test.each([
  [4096, 1],
  [4097, 2],
])('%i elements are counted by %i workgroups', async (size, groups) => {
  const [count] = await launchesOf('quantile', { inputs: { x: [size] }, params: { q: 0.5 } });
  expect(count?.workgroups).toEqual([groups, 1, 1]);
});
