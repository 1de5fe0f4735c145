import { afterEach, expect, test, vi } from 'vitest';
import { referenceResults } from '../backends/reference.ts';
import { WebGpuBackend } from '../backends/webgpu.ts';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { loraLinear } from '../vocabulary/lora/lora_linear.ts';
import { mul } from '../vocabulary/math/mul.ts';
import { Diagnostics } from './diagnosis.ts';
import type { FailedCall } from './failed-call.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

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

test('what diagnoses take is taken off the time of all, and nothing else', async () => {
  let now = 5000;
  let asked = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const gpu = {
    get recorder() {
      asked++;
      now += 400;
      throw new Error('the device is lost');
    },
  } as unknown as Gpu;
  const diagnostics = new Diagnostics(801);
  for (let i = 0; i < 4; i++) await diagnostics.diagnose(gpu, call, { ...terms(1e6) });
  // After two of them there is a millisecond left, and after three none.
  expect(asked).toBe(3);
  expect(await new Diagnostics(1e6).diagnose(gpu, call, terms(0))).toBeUndefined();
  expect(asked).toBe(3);
});

/** Two rows of two features, of rank 1: into the rank go 1 + 2 and 3 + 4. */
const f32 = (shape: readonly number[], ...values: readonly number[]) =>
  hostTensorFrom('f32', shape, values);
const adapted: FailedCall = {
  op: loraLinear,
  variant: 'register',
  params: { r: 1, alpha: 1 },
  inputs: {
    x: f32([2, 2], 1, 2, 3, 4),
    weight: f32([2, 2], 1, 0, 0, 1),
    lora_A: f32([1, 2], 1, 1),
    lora_B: f32([2, 1], 2, -1),
  },
  name: 'y',
  level: 'legal',
};

/** The diagnosis where the op is wrong in these of its runs, and the product into its rank always. */
async function diagnosed(isWrong: (run: number) => boolean) {
  let runs = 0;
  vi.spyOn(WebGpuBackend.prototype, 'run').mockImplementation(async (asked) => {
    const right = referenceResults(asked);
    const isOwn = asked.op === loraLinear && asked.variant === adapted.variant;
    if (isOwn && isWrong(++runs)) return { ...right, outputs: { y: f32([2, 2], 0, 0, 0, 0) } };
    return asked.inputs['b']?.shape[0] === 1
      ? { ...right, outputs: { y: f32([2, 1], 3, 8) } }
      : right;
  });
  const { gpu } = await hostGpu();
  return new Diagnostics(1).diagnose(gpu, adapted, { index: [0, 0], ieee: true, until: 1e9 });
}

test('the part of an op is looked for where the error comes back each time', async () => {
  const found = await diagnosed(() => true);
  expect(found?.reruns.again).toEqual(['same', 'same', 'same']);
  // The other variants are right.
  expect(found?.reruns.independent).toContain('right');
  expect(found?.part).toMatch(/^its part matmul .* is wrong: y\[1, 0\] is 8 and should be 7$/);
  const once = await diagnosed((run) => run === 1);
  expect(once?.reruns.again).toEqual(['same', 'right', 'right']);
  expect(once?.part).toBeUndefined();
});
