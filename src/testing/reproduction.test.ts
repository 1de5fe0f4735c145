import { afterEach, expect, test, vi } from 'vitest';
import { referenceResults } from '../backends/reference.ts';
import { WebGpuBackend } from '../backends/webgpu.ts';
import type { StoredTensors } from '../formats/parity-bundle/check.ts';
import { readParityBundle } from '../formats/parity-bundle.ts';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import type { Call } from '../graph/call.ts';
import type { Launcher } from '../ops/launcher.ts';
import { launchers } from '../ops/registry.ts';
import { type HostTensor, hostTensorFrom } from '../tensor/host.ts';
import type { FailedCall } from './failed-call.ts';
import { reproduce } from './reproduction.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const NAME = 'silu';
const silu = launchers.get(NAME) as Launcher;
const rows = hostTensorFrom('f32', [2, 3], [1, -1, 2, 3, -3, 4]);
const sigmoidOf = (x: number) => 1 / (1 + Math.exp(-x));

interface Wrong {
  readonly variant?: string;
  readonly x?: HostTensor;
  readonly index?: readonly number[];
  readonly call?: Partial<FailedCall>;
  /** What the device gives instead of zeros. */
  readonly given?: (call: Call<HostTensor>) => HostTensor;
}

/**
 * What is kept of a call that is wrong in every element. The op has two variants, and the device
 * takes the second.
 */
async function keptOf({
  variant = 'matrix',
  x = rows,
  index = [1, 0],
  call = {},
  given = ({ inputs: { x: { dtype, shape } = rows } }) =>
    hostTensorFrom(dtype, shape, new Float64Array(shape.reduce((size, n) => size * n, 1))),
}: Wrong = {}) {
  const variants: Launcher['variants'] = {
    any: { kernels: [] },
    matrix: { kernels: [] },
  };
  vi.spyOn(launchers, 'get').mockReturnValue({ ...silu, variants });
  const run = vi.spyOn(WebGpuBackend.prototype, 'run').mockImplementation(async (asked) => {
    const tensor = given(asked);
    return asked.grads
      ? { outputs: {}, gradients: { x: tensor } }
      : { outputs: { y: tensor }, gradients: {} };
  });
  const { gpu } = await hostGpu();
  gpu.tuned = [{ variant: 'matrix', ops: ['silu'] }];
  const failed: FailedCall = {
    ...{ op: silu.signature, variant, params: {}, inputs: { x }, name: 'y', level: 'exact' },
    ...call,
  };
  const file = await reproduce(gpu, failed, index, true);
  const asked = run.mock.calls.map(([one]) => [one.variant, one.inputs['x']?.shape]);
  return { file, asked };
}

/** What a file holds. */
function contentOf(file: Uint8Array | undefined) {
  const { op, producer, device, note, tensors } = readParityBundle(file as Uint8Array);
  const named = Object.entries(tensors).flatMap(([group, all]) =>
    Object.entries(all as StoredTensors).map(([name, { dtype, shape, bytes }]) => {
      const data = dtype === 'F32' ? [...new Float32Array(bytes.slice().buffer)] : undefined;
      return [`${group} ${name}`, { dtype, shape, data }] as const;
    }),
  );
  return { op, producer, device, note, tensors: Object.fromEntries(named) };
}

const f32 = (shape: readonly number[], data: readonly number[]) => ({
  dtype: 'F32',
  shape,
  data: data.map(Math.fround),
});

test('a wrong row is kept alone, with what is right', async () => {
  const { file, asked } = await keptOf();
  expect(asked).toEqual([['matrix', [1, 3]]]);
  expect(contentOf(file)).toEqual({
    op: NAME,
    producer: 'gradproof float64 oracle',
    device: 'cpu',
    note: 'a wrong element of y, alone',
    tensors: {
      'inputs x': f32([1, 3], [3, -3, 4]),
      'outputs y': f32(
        [1, 3],
        [3, -3, 4].map((x) => x * sigmoidOf(x)),
      ),
    },
  });
  const first = await keptOf({ index: [] });
  expect(contentOf(first.file).tensors['inputs x']).toEqual(f32([1, 3], [1, -1, 2]));
});

test('so is a wrong gradient, with the gradient that flows in', async () => {
  const grads = { y: hostTensorFrom('f32', [2, 3], [1, 1, 1, 0, 1, 2]) };
  const { file } = await keptOf({ call: { name: 'x', grads } });
  // The derivative of x s(x) is s + x s (1 - s).
  const slope = (x: number) => sigmoidOf(x) * (1 + x * (1 - sigmoidOf(x)));
  expect(contentOf(file)).toMatchObject({
    note: 'a wrong element of the gradient of x, alone',
    tensors: {
      'inputs x': f32([1, 3], [3, -3, 4]),
      'gradsIn y': f32([1, 3], [0, 1, 2]),
      'gradsOut x': f32([1, 3], [0, slope(-3), 2 * slope(4)]),
    },
  });
});

test('a row that is right alone is kept with the others', async () => {
  const { file, asked } = await keptOf({
    given: (call) =>
      call.inputs['x']?.shape[0] === 1
        ? (referenceResults(call).outputs['y'] as HostTensor)
        : hostTensorFrom('f32', [2, 3], [0, 0, 0, 0, 0, 0]),
  });
  expect(asked).toEqual([
    ['matrix', [1, 3]],
    ['matrix', [2, 3]],
  ]);
  expect(contentOf(file).tensors['inputs x']).toEqual(f32([2, 3], [1, -1, 2, 3, -3, 4]));
});

test('what is right is kept as the type of what was wrong', async () => {
  const { file } = await keptOf({ x: hostTensorFrom('f16', [2, 1], [1, 2]) });
  expect(contentOf(file).tensors['outputs y']).toMatchObject({ dtype: 'F16', shape: [1, 1] });
});

test('nothing is kept of what a replay would not run, or not find', async () => {
  expect(await keptOf({ variant: 'any' })).toEqual({ file: undefined, asked: [] });
  const right = (call: Call<HostTensor>) => referenceResults(call).outputs['y'] as HostTensor;
  expect((await keptOf({ given: right })).file).toBeUndefined();
  // A replay grants the bound: a unit in the last place is no failure there.
  const near = (call: Call<HostTensor>) => {
    const { shape, data } = right(call);
    return hostTensorFrom(
      'f32',
      shape,
      Array.from(data, (x) => x * (1 + 2 ** -23)),
    );
  };
  expect((await keptOf({ given: near })).file).toBeUndefined();
  vi.restoreAllMocks();
  vi.spyOn(launchers, 'get').mockReturnValue(undefined);
  const { gpu } = await hostGpu();
  const failed = { op: silu.signature, variant: '', inputs: {} } as unknown as FailedCall;
  expect(await reproduce(gpu, failed, [0], true)).toBeUndefined();
});

test('nothing is kept of a call that no bundle can say, and what is lost is told', async () => {
  // A bundle holds tensors of eight dimensions.
  const deep = hostTensorFrom('f32', [2, 1, 1, 1, 1, 1, 1, 1, 1], [1, 2]);
  const { file, asked } = await keptOf({ x: deep });
  expect([file, asked.length]).toEqual([undefined, 2]);
  const lost = () => {
    throw new RangeError('lost');
  };
  await expect(keptOf({ given: lost })).rejects.toThrow(new RangeError('lost'));
});

test('a file is at most 4 MiB', async () => {
  // Twice as many floats as that, what goes in and what is right.
  const sized = (count: number) =>
    hostTensorFrom('f32', [1, count], new Float64Array(count).fill(1));
  expect((await keptOf({ x: sized(2 ** 19) })).file).toBeUndefined();
  expect((await keptOf({ x: sized(2 ** 19 - 100) })).file?.length).toBeGreaterThan(2 ** 21);
});
