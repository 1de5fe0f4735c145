import { expect, test } from 'vitest';
import { launchesOf } from '../fixtures/launches.ts';

/** The workgroups of the first kernel, for so many channels of one element. */
async function workgroupsOf(channels: number) {
  const call = { inputs: { x: [channels, 1] }, params: { q: 0.5, per_channel: true } };
  return (await launchesOf('quantile', call))[0]?.workgroups;
}

test('as many channels as a dimension of a grid has are taken, and no more', async () => {
  expect(await workgroupsOf(65_535)).toEqual([1, 65_535, 1]);
  await expect(workgroupsOf(65_536)).rejects.toThrow(
    'quantile: 65536 channels are more than 65535',
  );
});
