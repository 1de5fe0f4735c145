import { expect, test } from 'vitest';
import { GpuProcess, isGone, isSilent } from './gpu-process.ts';
import type { PoolWorker, Reply } from './pool-worker.ts';

/** Workers and replies are told apart alone; what they hold beside that does not matter here. */
const worker = (ownsGpu = false) => ({ ownsGpu }) as PoolWorker;
const done = (status: string, code?: string) =>
  ({
    type: 'done',
    outcome: { status, ...(code ? { error: { code, message: 'said' } } : {}) },
  }) as Reply;
const refused = (code: string): Reply => ({ type: 'refused', code, message: 'said' });
const DEAD: Reply = { type: 'dead', code: 'worker-died', reason: 'said' };
const TIMEOUT: Reply = { type: 'timeout' };
const LOST = done('lost', 'device-lost');

test.each([
  [DEAD, true],
  [LOST, true],
  [refused('no-adapter'), true],
  [refused('adapter-timeout'), true],
  [refused('no-device'), true],
  [refused('unknown-case'), false],
  [done('lost', 'own-doing'), false],
  [done('fail', 'device-lost'), false],
  [done('pass'), false],
  [TIMEOUT, false],
])('worker or device of %o went away by itself: %o', (reply, gone) => {
  expect(isGone(reply)).toBe(gone);
});

test.each([
  [TIMEOUT, true],
  [done('error', 'scope-timeout'), true],
  [done('error', 'exception'), false],
  [done('pass'), false],
  [refused('scope-timeout'), false],
  [DEAD, false],
])('%o ended without a word of the process: %o', (reply, silent) => {
  expect(isSilent(reply)).toBe(silent);
});

test.each([
  [TIMEOUT, true, 0],
  [done('error', 'scope-timeout'), true, 0],
  [LOST, true, 1],
  [refused('no-device'), true, 1],
  [refused('unknown-case'), false, 0],
  [DEAD, false, 0],
  [done('fail', 'out-of-bound'), false, 0],
  [done('pass'), false, 0],
  [done('skip'), false, 0],
])(
  'of a process that workers share a crash explains %o: %o, which counts %d',
  (reply, explained, crashes) => {
    const gpu = new GpuProcess(true);
    expect(gpu.explains(worker(), reply)).toBe(explained);
    expect(gpu.crashes).toBe(crashes);
  },
);

test.each([TIMEOUT, LOST, DEAD])('where each has its own, nothing explains %o', (reply) => {
  const gpu = new GpuProcess(false);
  expect(gpu.explains(worker(), reply)).toBe(false);
  expect(gpu.crashes).toBe(0);
});

test('a device from before a crash explains all but what went well', async () => {
  const gpu = new GpuProcess(true);
  const old = worker();
  const young = worker();
  gpu.gaveDevice(old, gpu.crashes);
  expect(gpu.isStale(old)).toBe(false);
  await gpu.crash(async () => expect(gpu.isStale(old)).toBe(true));
  expect(gpu.crashes).toBe(2);
  gpu.gaveDevice(young, gpu.crashes);
  expect([gpu.isStale(old), gpu.isStale(young)]).toEqual([true, false]);
  expect(gpu.explains(old, DEAD)).toBe(true);
  expect(gpu.explains(old, done('fail', 'out-of-bound'))).toBe(true);
  expect(gpu.explains(old, done('pass'))).toBe(false);
  expect(gpu.explains(young, done('fail', 'out-of-bound'))).toBe(false);
  expect(gpu.crashes).toBe(2);
});

test('a device that was asked for while the process crashed is as old', async () => {
  const gpu = new GpuProcess(true);
  const between = worker();
  await gpu.crash(async () => gpu.gaveDevice(between, gpu.crashes));
  expect(gpu.isStale(between)).toBe(true);
});

test('a crash that one case tells of makes the devices of all others old', () => {
  const gpu = new GpuProcess(true);
  const one = worker();
  const other = worker();
  for (const each of [one, other]) gpu.gaveDevice(each, 0);
  gpu.explains(one, LOST);
  expect(gpu.isStale(other)).toBe(true);
  expect(gpu.explains(other, LOST)).toBe(true);
  expect(gpu.crashes, 'one crash is counted once').toBe(1);
});

test('a worker with a process of its own loses its device by its own doing, and never to a crash of the others', async () => {
  const gpu = new GpuProcess(true);
  const own = worker(true);
  gpu.gaveDevice(own, 0);
  expect(gpu.explains(own, LOST)).toBe(false);
  expect(gpu.crashes).toBe(0);
  await gpu.crash(async () => {});
  expect(gpu.isStale(own)).toBe(false);
  expect(gpu.explains(own, TIMEOUT)).toBe(false);
});
