import { afterEach, expect, test, vi } from 'vitest';
import { referenceResults } from '../backends/reference.ts';
import { WebGpuBackend } from '../backends/webgpu.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Call } from '../graph/call.ts';
import { launchers } from '../ops/registry.ts';
import { type HostTensor, hostTensorFrom } from '../tensor/host.ts';
import { loraLinear } from '../vocabulary/lora/lora_linear.ts';
import { mul } from '../vocabulary/math/mul.ts';
import type { FailedCall } from './failed-call.ts';
import { wrongPart } from './wrong-part.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const f32 = (shape: readonly number[], ...values: readonly number[]) =>
  hostTensorFrom('f32', shape, values);

/** Two rows of three features to two outputs, of rank 1: parts x W^T, then x A^T = [[6], [15]]. */
const ADAPTED: FailedCall = {
  op: loraLinear,
  variant: 'register',
  params: { r: 1, alpha: 1 },
  inputs: {
    x: f32([2, 3], 1, 2, 3, 4, 5, 6),
    weight: f32([2, 3], 1, 0, 0, 0, 1, 0),
    lora_A: f32([1, 3], 1, 1, 1),
    lora_B: f32([2, 1], 2, -1),
  },
  name: 'y',
  level: 'legal',
};

/**
 * What is said of a call that dispatches `kernels` as a whole, where each product dispatches
 * math/product, and that into the rank gives `intoRank`; and the variants that ran.
 */
async function said(
  call: FailedCall,
  {
    kernels,
    intoRank = [6, 15],
    fourBit = [1, 2, 4, 5],
  }: {
    kernels: readonly string[];
    intoRank?: readonly number[];
    fourBit?: readonly number[];
  },
) {
  const dispatched = new Set<string>();
  const gpu = { memory: { guarded: false }, recorder: { dispatched } } as unknown as Gpu;
  const ran: string[] = [];
  const run = async (asked: Call<HostTensor>) => {
    ran.push(`${asked.op.name} ${asked.variant}`);
    const isWhole = asked.op.name === call.op.name;
    for (const kernel of isWhole ? kernels : ['math/product']) dispatched.add(kernel);
    const right = referenceResults(asked);
    if (asked.op.name === 'matmul_4bit')
      return { ...right, outputs: { y: f32([2, 2], ...fourBit) } };
    const isIntoRank = asked.inputs['b']?.shape[0] === 1;
    return isIntoRank ? { ...right, outputs: { y: f32([2, 1], ...intoRank) } } : right;
  };
  vi.spyOn(WebGpuBackend.prototype, 'run').mockImplementation(run);
  return { words: await wrongPart(gpu, call, true), ran };
}

const [first = '', second = ''] = Object.keys(launchers.get('matmul')?.variants ?? {});

test('an op that is not composite has no parts, and nothing is run', async () => {
  const inputs = { a: f32([1], 2), b: f32([1], 5) };
  const call: FailedCall = { ...ADAPTED, op: mul, params: {}, inputs };
  expect(await said(call, { kernels: [] })).toEqual({ words: undefined, ran: [] });
});

test('the first part that is wrong is named with its element, and no part runs after it', async () => {
  const wrong = await said({ ...ADAPTED, variant: second }, { kernels: [], intoRank: [6, 16] });
  expect(wrong.words).toBe(`its part matmul (${second}) is wrong: y[1, 0] is 16 and should be 15`);
  expect(wrong.ran).toEqual([`lora_linear ${second}`, `matmul ${second}`, `matmul ${second}`]);
});

test('a product with a weight in 4 bits is called by its own name', async () => {
  const { weight: _, ...others } = ADAPTED.inputs;
  // nf4: 15 is 1, 7 is 0; one block, whose scale is 1.
  const packed = hostTensorFrom('u8', [3, 1], [0xf7, 0x77, 0xf7]);
  const call: FailedCall = {
    ...ADAPTED,
    params: { r: 1, alpha: 1, base: 'nf4', blocksize: 64 },
    inputs: { ...others, packed, absmax: f32([1], 1) },
  };
  const wrong = await said(call, { kernels: [], fourBit: [1, 2, 4, 6] });
  expect(wrong.words).toMatch(
    /^its part matmul_4bit \(.+\) is wrong: y\[1, 1\] is 6 and should be 5$/,
  );
});

test('a part runs by its first variant where it has not that of the whole', async () => {
  const wrong = await said({ ...ADAPTED, variant: 'own' }, { kernels: [], intoRank: [7, 15] });
  expect(wrong.words).toBe(`its part matmul (${first}) is wrong: y[0, 0] is 7 and should be 6`);
  expect(wrong.ran[0]).toBe('lora_linear own');
});

test('where each part is right, the kernels are left that no part dispatched', async () => {
  const both = { kernels: ['lora/scale', 'math/product', 'lora/add'] };
  expect((await said(ADAPTED, both)).words).toBe(
    'its products are right alone, which leaves lora/scale, lora/add',
  );
  expect((await said(ADAPTED, { kernels: ['math/product', 'lora/add'] })).words).toBe(
    'its products are right alone, which leaves lora/add',
  );
  expect((await said(ADAPTED, { kernels: ['math/product'] })).words).toBeUndefined();
});
