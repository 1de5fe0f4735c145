import type { Page } from '@playwright/test';
import { expect } from './page-test.ts';

/** Has the device of its worker do something when its next command is recorded. */
function wrap(act: (device: GPUDevice) => void): boolean {
  const { prototype } = (globalThis as unknown as { GPUDevice: { prototype: GPUDevice } })
    .GPUDevice;
  const create = prototype.createCommandEncoder;
  prototype.createCommandEncoder = function (this: GPUDevice, ...given) {
    prototype.createCommandEncoder = create;
    act(this);
    return create.apply(this, given);
  };
  return true;
}

/**
 * Has this happen to the device of the run that a page shows, in the worker that computes, with its
 * next command. `act` is sent there as text.
 */
export async function atNextCommand(page: Page, act: (device: GPUDevice) => void): Promise<void> {
  const workers = page
    .workers()
    .map((worker) => worker.evaluate<boolean>(`(${wrap})(${act})`).catch(() => false));
  expect(await Promise.all(workers)).toContain(true);
}
