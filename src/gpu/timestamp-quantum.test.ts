import { expect, test } from 'vitest';
import { HostDevice, type HostDeviceOptions } from './fixtures/host-device.ts';
import { timestampQuantumNs } from './timestamp-quantum.ts';

function* clockOf(stamps: readonly number[]): Generator<bigint, bigint> {
  for (const stamp of stamps) yield BigInt(stamp);
  return BigInt(stamps.at(-1) ?? 0);
}

async function quantumOf(stamps: readonly number[], more: HostDeviceOptions = {}) {
  const host = new HostDevice({
    features: ['timestamp-query'],
    clock: clockOf(stamps),
    ...more,
  });
  const quantum = await timestampQuantumNs(host as unknown as GPUDevice);
  return { host, quantum };
}

/** 24 stamps, two for each of 12 passes. */
const stampsAt = (at: (i: number) => number) => Array.from({ length: 24 }, (_, i) => at(i));

test.each<[string, readonly number[], number | null]>([
  ['that all spans are multiples of', stampsAt((i) => 1000 + 65_536 * i * i), 65_536],
  ['of 1 ns', stampsAt((i) => 1000 + 3 * i + (i > 10 ? 1 : 0)), 1],
  [
    'that only two spans have in common',
    stampsAt((i) => [0, 84, 126][Math.min(i, 2)] as number),
    42,
  ],
  ['that shows in the first span alone', stampsAt((i) => (i === 0 ? 94 : 100 + 40 * i)), 2],
  ['that shows in the last span alone', stampsAt((i) => 40 * i + (i === 23 ? 6 : 0)), 2],
  ['of stamps that come out of order', stampsAt((i) => 7000 + 70 * ((i * 5) % 24)), 70],
  ['of a clock that moves once', stampsAt((i) => (i < 12 ? 500 : 780)), 280],
  ['of a clock that stands still, which has none', stampsAt(() => 500), null],
])('the step of a clock is the largest %s', async (_, stamps, expected) => {
  expect((await quantumOf(stamps)).quantum).toBe(expected);
});

test('asks for two stamps of each of twelve passes, and leaves nothing behind', async () => {
  const { host } = await quantumOf(stampsAt((i) => 10 * i));
  expect(host.querySets.map(({ stamps }) => [...stamps])).toEqual([
    stampsAt((i) => 10 * i).map(BigInt),
  ]);
  expect(host.asked.filter((one) => one === 'submit')).toHaveLength(13);
  expect(host.querySets.every(({ isDestroyed }) => isDestroyed)).toBe(true);
  expect(host.liveBuffers).toEqual([]);
  expect(host.buffers.map(({ size }) => size)).toEqual([192, 192]);
});

test('is unknown without timestamps, and nothing is asked of the device', async () => {
  const { host, quantum } = await quantumOf([1, 2], { features: [] });
  expect(quantum).toBeNull();
  expect(host.buffers).toEqual([]);
});
