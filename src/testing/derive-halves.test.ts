import { afterEach, describe, expect, test, vi } from 'vitest';
import { referenceResults } from '../backends/reference.ts';
import { WebGpuBackend } from '../backends/webgpu.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { type Call, mapped, type Named, type Results } from '../graph/call.ts';
import type { Launcher } from '../ops/launcher.ts';
import { launchers } from '../ops/registry.ts';
import type { OpRecord, Sample } from '../reference/record.ts';
import { recordOf } from '../reference/registry.ts';
import type { DType } from '../tensor/dtype.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { dequantizations } from '../vocabulary/quant/dequantize.ts';
import { CaseContext } from './context.ts';
import { declareHalves } from './derive-halves.ts';
import { halfSampleOf } from './half-sample.ts';
import { SuiteBuilder } from './suite.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const f32 = (...data: readonly number[]) => hostTensorFrom('f32', [data.length], data);
const f16 = (...data: readonly number[]) => hostTensorFrom('f16', [data.length], data);

const sample = (more: Partial<Sample<object>> = {}): Sample<object> => ({
  level: 'legal',
  label: {},
  params: {},
  inputs: (random) => ({ a: f32(random.integer(1, 9), 3), b: f32(5, 7) }),
  ...more,
});
const grads = () => ({ y: f32(1, 10) });

const storedAs = (dtype: DType) => (tensors: Named<HostTensor>) =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, data }]) => [
      name,
      hostTensorFrom(dtype, shape, data),
    ]),
  );

/** The same numbers in float32. */
const widened = (tensors: Named<HostTensor>) =>
  mapped(tensors, (tensor) => hostTensorFrom('f32', tensor.shape, valuesOf(tensor)));

type Change = (
  right: Results<HostTensor>,
  unrounded: Results<HostTensor>,
) => Partial<Results<HostTensor>>;

/** What the case in float16 ends with, where the op gives what is right but for `change`. */
async function ended(record: OpRecord, change: Change = () => ({})) {
  const memory = { guarded: false };
  const gpu = {
    memory,
    features: new Set(),
    limits: {},
    widestSubgroup: undefined,
    tuned: [{ variant: 'halves', dtype: 'f16' }],
  } as unknown as Gpu;
  const asked: Call<HostTensor>[] = [];
  vi.spyOn(WebGpuBackend.prototype, 'run').mockImplementation(async (call) => {
    expect(memory.guarded).toBe(true);
    asked.push(call);
    const unrounded = referenceResults({ ...call, inputs: widened(call.inputs) });
    const half = storedAs('f16');
    const right = { outputs: half(unrounded.outputs), gradients: half(unrounded.gradients) };
    return { ...right, ...change(right, unrounded) };
  });
  const suite = new SuiteBuilder('ops.own');
  declareHalves(suite, record);
  const t = new CaseContext({ gpu, ieee: true, seed: 5, injects: [] });
  const thrown = await suite.cases[0]?.run(t).catch((error: unknown) => error);
  return { thrown, asked, assertions: t.evidence.assertions };
}

const product = (more: Partial<OpRecord> = {}): OpRecord => ({
  ...recordOf('mul'),
  samples: [sample({ grads })],
  ...more,
});

describe('a product in halves', () => {
  test('runs forward and backward by the variant that suits these tensors', async () => {
    const mul = launchers.get('mul') as Launcher;
    const variants: Launcher['variants'] = {
      any: { kernels: [] },
      halves: { kernels: [] },
    };
    vi.spyOn(launchers, 'get').mockImplementation((name) =>
      name === 'mul' ? { ...mul, variants } : undefined,
    );
    const { thrown, asked, assertions } = await ended(product());
    const drawn = halfSampleOf(product(), 'f16', new Random(5));
    expect(drawn.inputs['b']).toEqual(f16(5, 7));
    expect(asked).toEqual([
      {
        op: mul.signature,
        params: {},
        inputs: drawn.inputs,
        variant: 'halves',
        level: 'legal',
        grads: { y: f16(1, 10) },
        wants: ['a', 'b'],
      },
    ]);
    // The storage, presence and two elements of each of three tensors.
    expect([thrown, assertions]).toEqual([undefined, 3 * (1 + 1 + 2)]);
  });

  test('runs forward alone where its sample has no gradients', async () => {
    const { thrown, asked, assertions } = await ended(product({ samples: [sample()] }));
    expect(asked[0]).not.toHaveProperty('grads');
    expect(asked[0]).not.toHaveProperty('wants');
    expect([thrown, assertions]).toEqual([undefined, 1 + 1 + 2]);
  });

  test('fails by a wrong element, of its result or of a gradient', async () => {
    const result = await ended(product(), () => ({ outputs: { y: f16(1, 1) } }));
    expect((result.thrown as Error).message).toContain('y[0] is 1 and should be');
    const gradient = await ended(product(), ({ gradients }) => ({
      gradients: { ...gradients, b: f16(1, 1) },
    }));
    expect((gradient.thrown as Error).message).toContain('gradient of b[0] is 1');
  });

  test('fails by a tensor in another format before its elements, outputs first', async () => {
    const wrong = { outputs: { y: f32(1, 1) }, gradients: { a: f32(0, 0), b: f16(1, 1) } };
    expect((await ended(product(), () => wrong)).thrown).toMatchObject({
      message: 'y is stored in f32 and should be in f16',
    });
    const gradient = await ended(product(), ({ gradients }) => ({
      gradients: { ...gradients, a: f32(0, 0) },
    }));
    expect(gradient.thrown).toMatchObject({
      message: 'a is stored in f32 and should be in f16',
    });
  });

  test('needs a launcher', async () => {
    vi.spyOn(launchers, 'get').mockReturnValue(undefined);
    expect((await ended(product())).thrown).toMatchObject({
      name: 'SuiteError',
      message: 'mul has no launcher',
    });
  });
});

test('what only a backward pass reads is float32 always', async () => {
  const matrix = (rows: number, columns: number, ...data: readonly number[]) =>
    hostTensorFrom('f32', [rows, columns], data);
  const inputs = {
    x: matrix(1, 2, 3, 4),
    weight: matrix(2, 2, 1, 0, 0, 1),
    lora_A: matrix(1, 2, 1, 1),
    lora_B: matrix(2, 1, 1, 2),
  };
  const adapted = sample({ params: { r: 1, alpha: 1 }, inputs: () => inputs });
  const record = { ...recordOf('lora_linear'), samples: [adapted] };
  const { thrown } = await ended(record, ({ outputs }) => ({
    outputs: { ...outputs, xa: matrix(1, 1, 7) },
  }));
  expect(thrown).toBeUndefined();
});

test.each([...dequantizations.keys()])('what %s decodes by scales alone is float32', async (op) => {
  const { thrown, asked } = await ended(recordOf(op), (_, { outputs }) => ({ outputs }));
  expect(asked).toHaveLength(1);
  expect(thrown).toBeUndefined();
});
