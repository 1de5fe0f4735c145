import { describe, expect, test } from 'vitest';
import { HostDevice } from './fixtures/host-device.ts';
import { gpuErrorIn, gpuErrorOf } from './gpu-error.ts';

class GPUOutOfMemoryError extends Error {}
class GPUInternalError extends Error {}
class GPUValidationError extends Error {}

test.each([
  [new GPUOutOfMemoryError('no room'), 'out-of-memory', 'no room: close what else uses the GPU'],
  [new GPUInternalError('crashed'), 'gpu-internal', 'crashed: update browser and graphics driver'],
  [new GPUValidationError('bad size'), 'gpu-validation', 'bad size: the browser refuses'],
  [
    new GPUValidationError(
      '[Buffer] is associated with [Device 1], and\ncannot be used with [Device 2]',
    ),
    'device',
    'copy the tensor to the device that computes',
  ],
  [
    new GPUValidationError('Device mismatch: a'),
    'device',
    'Device mismatch: a: copy the tensor to the device that computes',
  ],
])('%s has the code %s, and says what to do', (error, code, message) => {
  expect(gpuErrorOf(error)).toMatchObject({ code, message: expect.stringContaining(message) });
});

describe('work in an error scope', () => {
  const setUp = () => {
    const host = new HostDevice({ mostBytes: 100 });
    return { host, device: host as unknown as GPUDevice };
  };
  const buffer = (device: GPUDevice, size: number) => device.createBuffer({ size, usage: 0x80 });

  test('gives what WebGPU found, or nothing', async () => {
    const { host, device } = setUp();
    const errorOf = (size: number) =>
      gpuErrorIn(device, 'out-of-memory', async () => {
        await Promise.resolve();
        buffer(device, size);
      });
    expect(await errorOf(104)).toMatchObject({ code: 'out-of-memory' });
    expect(await errorOf(96)).toBeUndefined();
    expect(host.openScopes).toBe(0);
  });

  test('throws what it throws, and closes its scope', async () => {
    const { host, device } = setUp();
    const failed = gpuErrorIn(device, 'out-of-memory', () => {
      throw new Error('of its own');
    });
    await expect(failed).rejects.toThrow('of its own');
    expect(host.openScopes).toBe(0);
  });
});
