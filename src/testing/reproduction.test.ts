import { afterEach, expect, test, vi } from 'vitest';
import { WebGpuBackend } from '../backends/webgpu.ts';
import { readParityBundle } from '../formats/parity-bundle.ts';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import type { Launcher } from '../ops/launcher.ts';
import { launchers } from '../ops/registry.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import type { FailedCall } from './failed-call.ts';
import { reproduce } from './reproduction.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/**
 * What is kept of a relu of two rows, which gives nothing or what is right. The op has a variant for
 * matrices, which it prefers, beside one for all.
 */
async function keptOf(
  variant: string,
  isRight = false,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const relu = launchers.get('relu') as Launcher;
  const variants: Launcher['variants'] = {
    any: { kernels: [] },
    matrix: { kernels: [], prefers: ({ operands }) => operands['x']?.shape.length === 2 },
  };
  vi.spyOn(launchers, 'get').mockReturnValue({ ...relu, variants });
  const { gpu } = await hostGpu({
    run: ({ bindings: [x, y] }) => {
      if (!isRight || !x || !y) return;
      const numbers = new Float32Array(x.bytes.buffer, x.offset, 6).map((one) => Math.max(0, one));
      new Float32Array(y.bytes.buffer, y.offset).set(numbers);
    },
  });
  const inputs = { x: hostTensorFrom('f32', [2, 3], [1, -1, 2, 3, -3, 4]) };
  const call: FailedCall = {
    op: relu.signature,
    variant,
    params: {},
    inputs,
    name: 'y',
    level: 'legal',
  };
  return reproduce(gpu, call, [1, 0], true);
}

test('a wrong row is kept alone, with what is right', async () => {
  const runs = vi.spyOn(WebGpuBackend.prototype, 'run');
  const file = await keptOf('matrix');
  expect(runs.mock.calls.map(([{ variant }]) => variant)).toEqual(['matrix']);
  const { op, producer, note, tensors } = readParityBundle(file as Uint8Array);
  expect([op, producer, note]).toEqual([
    'relu',
    'gradproof float64 oracle',
    'a wrong element of y, alone',
  ]);
  expect(tensors.inputs['x']).toMatchObject({ shape: [1, 3] });
  const numbers = (side: 'inputs' | 'outputs', name: string) => {
    const { bytes } = tensors[side][name] as { readonly bytes: Uint8Array };
    return [...new Float32Array(bytes.slice().buffer)];
  };
  expect(numbers('inputs', 'x')).toEqual([3, -3, 4]);
  expect(numbers('outputs', 'y')).toEqual([3, 0, 4]);
});

test('nothing is kept of a variant that a replay would not run', async () => {
  expect(await keptOf('any')).toBeUndefined();
});

test('nothing is kept of what turns out right', async () => {
  expect(await keptOf('matrix', true)).toBeUndefined();
});
