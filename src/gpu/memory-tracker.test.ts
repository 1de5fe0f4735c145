import { expect, test } from 'vitest';
import { hostGpu } from './fixtures/host-gpu.ts';
import { memoryTracker } from './memory-tracker.ts';

test('a tracker follows memory to the end of its block, whatever comes after', async () => {
  const { gpu, host } = await hostGpu();
  const before = gpu.allocate(100);
  const tracker = memoryTracker(gpu);
  expect(tracker.stats).toEqual({
    initialBytes: 100,
    peakBytes: 100,
    finalBytes: 100,
    allocatedBytes: 256,
    totalUsedBytes: 0,
  });
  const own = gpu.allocate(1000);
  gpu.free(own);
  gpu.allocate(40);
  const expected = {
    initialBytes: 100,
    peakBytes: 1100,
    finalBytes: 140,
    allocatedBytes: 256 + 1024 + 256,
    totalUsedBytes: 1000,
  };
  expect(tracker.stats).toEqual(expected);
  await tracker[Symbol.asyncDispose]();
  expect(host.asked.at(-1)).toBe('wait');
  gpu.free(before);
  gpu.allocate(5000);
  expect(tracker.stats).toEqual(expected);
});

test('each of two trackers has a peak of its own', async () => {
  const { gpu } = await hostGpu();
  const outer = memoryTracker(gpu);
  gpu.free(gpu.allocate(1000));
  const inner = memoryTracker(gpu);
  gpu.free(gpu.allocate(20));
  expect([outer.stats.peakBytes, inner.stats.peakBytes]).toEqual([1000, 20]);
});
