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
  const PIECE = 2 ** 22;
  const CALL = { quant_type: 'nf4', blocksize: 64, dtype: 'f16' };

  /**
   * What is asked of ours for a weight of zeros with so many elements, where ours decodes it to
   * zeros, but for the `wrong` element of the whole.
   */
  async function decodedOf(elements: number, wrong?: number) {
    const memory = { guarded: false };
    let decoded = 0;
    const run = vi.spyOn(WebGpuBackend.prototype, 'run');
    run.mockReset().mockImplementation(async ({ params }) => {
      expect(memory.guarded).toBe(true);
      const [size] = (params as { shape: readonly [number] }).shape;
      const bits = new Uint16Array(size);
      if (wrong !== undefined && wrong >= decoded && wrong < decoded + size)
        bits[wrong - decoded] = 0x3c00;
      decoded += size;
      return { outputs: { y: hostTensor('f16', [size], bits) }, gradients: {} };
    });
    const packed = new Uint8Array(Math.ceil(elements / 2)).fill(0x77);
    const absmax = Float32Array.from({ length: Math.ceil(elements / 64) }, (_, i) => i);
    const weight = {
      format: blockFormatOf('nf4'),
      blocksize: 64,
      shape: [elements],
      dtype: 'float16',
      parts: {
        packed: hostTensor('u8', [packed.length, 1], packed),
        absmax: hostTensor('f32', [absmax.length], absmax),
      },
    };
    const t = new CaseContext({ gpu: { memory }, ieee: true, seed: 1, injects: [] } as never);
    const thrown = await checkWeight(t, weight as unknown as CheckpointWeight).catch(
      (error: unknown) => error,
    );
    const told = run.mock.calls.map(([{ params, inputs }]) => ({
      params,
      packed: inputs['packed']?.shape,
      absmax: [inputs['absmax']?.shape, inputs['absmax']?.data.at(-1)],
    }));
    return { told, thrown, metrics: t.evidence.metrics };
  }

  test('is decoded piece by piece, the last as short as it is', async () => {
    const { told, thrown, metrics } = await decodedOf(PIECE + 1);
    expect([thrown, metrics]).toEqual([undefined, { elements: PIECE + 1 }]);
    const blocks = PIECE / 64;
    expect(told).toEqual([
      {
        params: { ...CALL, shape: [PIECE] },
        packed: [PIECE / 2, 1],
        absmax: [[blocks], blocks - 1],
      },
      { params: { ...CALL, shape: [1] }, packed: [1, 1], absmax: [[1], blocks] },
    ]);
  });

  test('of whole pieces has none of nothing', async () => {
    expect((await decodedOf(PIECE)).told).toHaveLength(1);
  });

  test('tells of a wrong element by its place in the whole', async () => {
    const { thrown, told } = await decodedOf(PIECE + 3, PIECE + 1);
    expect(thrown).toMatchObject({
      message: expect.stringMatching(new RegExp(`^at \\[${PIECE + 1}\\] of the weight: `)),
      at: { index: [PIECE + 1], actual: 1, expected: 0 },
    });
    expect(told).toHaveLength(2);
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
