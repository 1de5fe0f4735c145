import { expect, test } from 'vitest';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { Tensor } from '../../tensor/tensor.ts';
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
