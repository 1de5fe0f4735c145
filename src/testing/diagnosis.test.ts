import { expect, test } from 'vitest';
import type { Gpu } from '../gpu/gpu.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { mul } from '../vocabulary/math/mul.ts';
import { Diagnostics } from './diagnosis.ts';

const one = hostTensorFrom('f32', [1], [1]);
const call = {
  op: mul,
  params: {},
  inputs: { a: one, b: one },
  variant: 'naive',
  name: 'y',
  level: 'legal',
} as const;

/** A device that is lost after `ms`, and counts how often it was asked. */
function lostAfter(ms: number) {
  let asked = 0;
  const gpu = {
    get recorder() {
      asked++;
      const end = performance.now() + ms;
      while (performance.now() < end);
      throw new Error('the device is lost');
    },
  } as unknown as Gpu;
  return { gpu, asked: () => asked };
}

const terms = (leftMs: number) => ({ index: [0], ieee: false, until: performance.now() + leftMs });

test('nothing is run again once the time of all is spent, or that of the case', async () => {
  const { gpu, asked } = lostAfter(5);
  expect(await new Diagnostics(0).diagnose(gpu, call, terms(1e6))).toBeUndefined();
  expect(await new Diagnostics(1e6).diagnose(gpu, call, terms(0))).toBeUndefined();
  expect(asked()).toBe(0);
});

test('a device that does not live to tell takes of the time all the same', async () => {
  const { gpu, asked } = lostAfter(5);
  const diagnostics = new Diagnostics(4);
  expect(await diagnostics.diagnose(gpu, call, terms(1e6))).toBeUndefined();
  expect(asked()).toBe(1);
  expect(await diagnostics.diagnose(gpu, call, terms(1e6))).toBeUndefined();
  expect(asked()).toBe(1);
  const longer = new Diagnostics(1e6);
  for (let i = 0; i < 3; i++) await longer.diagnose(gpu, call, terms(1e6));
  expect(asked()).toBe(4);
});
