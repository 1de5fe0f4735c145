import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebGpuBackend } from '../../backends/webgpu.ts';
import type { CheckpointWeight } from '../../formats/quantized-checkpoint.ts';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { format as dynamic } from '../../quant/dynamic/format.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import { hostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { type AssertionError, CaseContext, SkipSignal } from '../context.ts';
import { checkWeight } from './checkpoint.ts';

afterEach(() => vi.restoreAllMocks());

/** Why a weight is not decoded; a device is never asked. */
async function skipOf(weight: object): Promise<string> {
  const gpu = {
    get memory(): never {
      throw new Error('decoded');
    },
  };
  const t = new CaseContext({ gpu, ieee: true, seed: 1, injects: [] } as never);
  const given = {
    format: { name: 'nf4' },
    blocksize: 64,
    shape: [64],
    dtype: 'float32',
    ...weight,
  };
  const thrown = await checkWeight(t, given as unknown as CheckpointWeight).catch(
    (error: unknown) => error,
  );
  if (thrown instanceof SkipSignal) expect(thrown.code).toBe('not-implemented');
  return (thrown as Error).message;
}

test.each([
  [{}, 'decoded'],
  [{ dtype: 'bfloat16', blocksize: 32 }, 'decoded'],
  [{ dtype: 'float16', blocksize: 4096 }, 'decoded'],
  [{ dtype: 'int8' }, 'the weight decodes to int8; known are float32, float16, bfloat16'],
  [
    { dtype: 'x'.repeat(50) },
    `the weight decodes to ${'x'.repeat(40)}; known are float32, float16, bfloat16`,
  ],
  [{ blocksize: 31.5 }, 'blocks of 31.5: known are powers of two from 32'],
  [{ blocksize: 16 }, 'blocks of 16: known are powers of two from 32'],
  [{ blocksize: 48 }, 'blocks of 48: known are powers of two from 32'],
])('a weight %j is %s', async (weight, said) => {
  expect(await skipOf(weight)).toBe(said);
});

/**
 * What is said of a weight of zeros where the kernels give `restored` as its one scale, and
 * `decoded` as its elements.
 */
async function thrownOf({
  restored = 0,
  decoded = new Float32Array(64),
  code = 127,
  absmax = 0,
  offset = 0,
}): Promise<AssertionError | undefined> {
  const { gpu } = await hostGpu({
    run: ({ label, constants, bindings }) => {
      if (label === 'quant/dequantize_blockwise') {
        const first = (i: number) => bindings[i]?.bytes.slice(bindings[i]?.offset) as Uint8Array;
        const float = (i: number) => new Float32Array(first(i).buffer)[0];
        // Code, scale and offset.
        expect([first(0)[0], float(2), float(3)]).toEqual([code, absmax, offset]);
        expect(constants).toEqual({ HAS_OFFSET: 1 });
      }
      const [place, values] =
        label === 'quant/dequantize_blockwise' ? [4, [restored]] : [0, decoded];
      const { bytes, offset: at } = bindings[place] as (typeof bindings)[number];
      new Float32Array(bytes.buffer, at, values.length).set(values);
    },
  });
  const scales = {
    format: dynamic,
    blocksize: 256,
    shape: [1],
    parts: {
      q: hostTensor('u8', [1], Uint8Array.of(code)),
      absmax: hostTensorFrom('f32', [1], [absmax]),
    },
  };
  const t = new CaseContext({ gpu, ieee: true, seed: 1, injects: [] });
  const weight = {
    format: blockFormatOf('nf4'),
    blocksize: 64,
    shape: [2, 32],
    dtype: 'float32',
    // The code of 0, whatever its scale.
    parts: { packed: hostTensor('u8', [32, 1], new Uint8Array(32).fill(0x77)) },
    nested: { scales, offset },
  };
  const thrown = await checkWeight(t, weight).then(
    () => undefined,
    (error: unknown) => error as AssertionError,
  );
  expect(gpu.memory.ledger.liveBytes).toBe(0);
  return thrown;
}

describe('a compressed scale', () => {
  const ULP = 2 ** -23;
  const SMALLEST = 2 ** -126;
  const isRight = async (restored: number, of: object) =>
    (await thrownOf({ restored, ...of }))?.message.startsWith('absmax') !== true;

  test('may be a rounding of its product and one of its sum off', async () => {
    // 255 is the code of 1: a product of 1, and a sum of 2.
    const two = { code: 255, absmax: 1, offset: 1 };
    expect(await isRight(2 - 3 * ULP, two)).toBe(true);
    expect(await isRight(2 - 4 * ULP, two)).toBe(false);
    expect(await isRight(2 + 2 * ULP, two)).toBe(true);
    expect(await isRight(2 + 4 * ULP, two)).toBe(false);
  });

  test('may be two flushes to zero off', async () => {
    expect(await isRight(2 * SMALLEST, {})).toBe(true);
    expect(await isRight(3 * SMALLEST, {})).toBe(false);
    expect(await isRight(-3 * SMALLEST, {})).toBe(false);
  });
});

test('a wrong element is named by its place in the weight', async () => {
  expect(await thrownOf({})).toBeUndefined();
  const thrown = await thrownOf({ decoded: new Float32Array(64).fill(1, 37) });
  expect(thrown?.message).toMatch(/^at \[1, 5\] of the weight: /);
  expect(thrown?.at).toMatchObject({ index: [1, 5], actual: 1, expected: 0 });
});

describe('a large weight', () => {
  /** How a weight is made, and cut into pieces of `most` elements. */
  interface Given {
    readonly elements: number;
    readonly most: number;
    readonly blocksize?: number;
    /** Which element of the whole ours decodes to 1, and not to 0 as it should. */
    readonly wrong?: number;
    /** The n-th byte of the codes; default that of two zeros. */
    readonly byteAt?: (n: number) => number;
    /** The n-th scale; default 0. */
    readonly scaleAt?: (n: number) => number;
  }

  /** What is asked of ours for a weight of zeros. */
  async function decodedOf({
    elements,
    most,
    blocksize = 32,
    wrong = -1,
    byteAt = () => 0x77,
    scaleAt = () => 0,
  }: Given) {
    const memory = { guarded: false };
    let decoded = 0;
    const run = vi.spyOn(WebGpuBackend.prototype, 'run');
    run.mockReset().mockImplementation(async ({ params }) => {
      expect(memory.guarded).toBe(true);
      const [size] = (params as { shape: readonly [number] }).shape;
      const bits = Uint16Array.from({ length: size }, (_, i) =>
        decoded + i === wrong ? 0x3c00 : 0,
      );
      decoded += size;
      return { outputs: { y: hostTensor('f16', [size], bits) }, gradients: {} };
    });
    const packed = Uint8Array.from({ length: Math.ceil(elements / 2) }, (_, i) => byteAt(i));
    const absmax = Float32Array.from({ length: Math.ceil(elements / blocksize) }, (_, i) =>
      scaleAt(i),
    );
    const weight = {
      format: blockFormatOf('nf4'),
      blocksize,
      shape: [elements],
      dtype: 'float16',
      parts: {
        packed: hostTensor('u8', [packed.length, 1], packed),
        absmax: hostTensor('f32', [absmax.length], absmax),
      },
    };
    const t = new CaseContext({ gpu: { memory }, ieee: true, seed: 1, injects: [] } as never);
    const thrown = await checkWeight(t, weight as unknown as CheckpointWeight, most).catch(
      (error: unknown) => error,
    );
    const asked = run.mock.calls.map(([{ params, inputs }]) => ({ params, inputs }));
    return { asked, thrown, metrics: t.evidence.metrics };
  }

  const bytes = (...data: readonly number[]) =>
    hostTensor('u8', [data.length, 1], Uint8Array.from(data));
  const floats = (...data: readonly number[]) => hostTensorFrom('f32', [data.length], data);

  test('is decoded piece by piece, the last as short as it is', async () => {
    // Scales of 0 make zeros of all codes, and codes of 0 of all scales.
    const given = { elements: 133, most: 64 };
    const codes = await decodedOf({ ...given, byteAt: (n) => n });
    const params = { quant_type: 'nf4', blocksize: 32, dtype: 'f16' };
    const from = (first: number, count: number) =>
      bytes(...Array.from({ length: count }, (_, i) => first + i));
    expect(codes).toEqual({
      thrown: undefined,
      metrics: { elements: 133 },
      asked: [
        {
          params: { ...params, shape: [64] },
          inputs: { packed: from(0, 32), absmax: floats(0, 0) },
        },
        {
          params: { ...params, shape: [64] },
          inputs: { packed: from(32, 32), absmax: floats(0, 0) },
        },
        { params: { ...params, shape: [5] }, inputs: { packed: from(64, 3), absmax: floats(0) } },
      ],
    });
    const scales = await decodedOf({ ...given, scaleAt: (n) => n });
    expect(scales.thrown).toBeUndefined();
    expect(scales.asked.map(({ inputs }) => inputs['absmax'])).toEqual([
      floats(0, 1),
      floats(2, 3),
      floats(4),
    ]);
  });

  test('of whole pieces has none of nothing, and a piece no part of a block', async () => {
    const sizes = async (given: Given) =>
      (await decodedOf(given)).asked.map(({ params }) => (params as { shape: unknown }).shape);
    expect(await sizes({ elements: 128, most: 64 })).toEqual([[64], [64]]);
    expect(await sizes({ elements: 129, most: 64, blocksize: 128 })).toEqual([[128], [1]]);
  });

  test('tells of a wrong element by its place in the whole', async () => {
    const { thrown, asked } = await decodedOf({ elements: 67, most: 64, wrong: 65 });
    expect(thrown).toMatchObject({
      message: expect.stringMatching(/^at \[65\] of the weight: /),
      at: { index: [65], actual: 1, expected: 0 },
    });
    expect(asked).toHaveLength(2);
  });

  test('is decoded in pieces of four million elements, which bindings and pages hold', async () => {
    const run = vi.spyOn(WebGpuBackend.prototype, 'run').mockRejectedValue(new Error('lost'));
    const elements = 2 ** 22 + 64;
    const weight = {
      format: blockFormatOf('nf4'),
      ...{ blocksize: 64, shape: [elements], dtype: 'float16' },
      parts: {
        packed: hostTensor('u8', [elements / 2, 1], new Uint8Array(elements / 2)),
        absmax: hostTensor('f32', [elements / 64], new Float32Array(elements / 64)),
      },
    };
    const t = new CaseContext({ gpu: { memory: {} }, ieee: true, seed: 1, injects: [] } as never);
    const checked = checkWeight(t, weight as unknown as CheckpointWeight);
    await expect(checked).rejects.toThrow('lost');
    expect(run.mock.calls.map(([{ params }]) => params)).toEqual([
      { quant_type: 'nf4', blocksize: 64, dtype: 'f16', shape: [4_194_304] },
    ]);
  });

  test('fails as it does where no element is wrong', async () => {
    vi.spyOn(WebGpuBackend.prototype, 'run').mockRejectedValue(new Error('lost'));
    const t = new CaseContext({ gpu: { memory: {} }, ieee: true, seed: 1, injects: [] } as never);
    const weight = {
      format: blockFormatOf('nf4'),
      blocksize: 64,
      shape: [64],
      dtype: 'float16',
      parts: {
        packed: hostTensor('u8', [32, 1], new Uint8Array(32)),
        absmax: hostTensorFrom('f32', [1], [1]),
      },
    };
    const checked = checkWeight(t, weight as unknown as CheckpointWeight);
    await expect(checked).rejects.toEqual(new Error('lost'));
  });
});
