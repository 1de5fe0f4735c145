import { expect, test } from 'vitest';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import type { Shape } from '../../tensor/shape.ts';
import { Tensor, type Tensors } from '../../tensor/tensor.ts';
import { SignatureError } from '../../vocabulary/error.ts';
import type { Launcher } from '../launcher.ts';
import { launchers } from '../registry.ts';

const INPUTS: Readonly<Record<string, Readonly<Record<string, Shape>>>> = {
  conv2d: { x: [1, 2, 7, 9], weight: [3, 2, 3, 3] },
  conv_transpose2d: { x: [1, 2, 7, 9], weight: [2, 3, 3, 3] },
  max_pool2d: { x: [1, 2, 7, 9] },
  avg_pool2d: { x: [1, 2, 7, 9] },
};

/** The shape that an op gives. */
async function shapeOf(op: string, params: object): Promise<Shape> {
  const { gpu } = await hostGpu();
  using device = gpu;
  const inputs = Object.fromEntries(
    Object.entries(INPUTS[op] ?? {}).map(([name, shape]) => [
      name,
      Tensor.empty(device, 'f32', shape),
    ]),
  );
  const { y } = (launchers.get(op) as Launcher).forward(device, inputs, params) as Tensors;
  return (y as Tensor).shape;
}

test.each<[op: string, one: object, each: object]>([
  ['conv2d', { stride: 2, padding: 1 }, { stride: [2, 2], padding: [1, 1, 1, 1] }],
  ['conv2d', { dilation: 2, padding: [0, 2] }, { dilation: [2, 2], padding: [0, 2, 0, 2] }],
  [
    'conv_transpose2d',
    { stride: 2, padding: 1, output_padding: 1 },
    { stride: [2, 2], padding: [1, 1, 1, 1], output_padding: [1, 1] },
  ],
  ['max_pool2d', { kernel: 2, stride: 1 }, { kernel: [2, 2], stride: [1, 1] }],
  ['avg_pool2d', { kernel: 3, padding: 1 }, { kernel: [3, 3], padding: [1, 1, 1, 1] }],
])('%s takes one number for all directions, as torch does: %j', async (op, one, each) => {
  expect(await shapeOf(op, one)).toEqual(await shapeOf(op, each));
});

test.each<[op: string, params: object, says: string]>([
  ['conv2d', { stride: 0 }, 'conv2d: stride is 0; give one whole number from 1 on, or [vertical,'],
  ['conv2d', { stride: [2] }, 'conv2d: stride is [2]; give one whole number'],
  ['conv2d', { padding: [1, 1, 1] }, 'conv2d: padding is [1,1,1]; give one whole number from 0 on'],
  ['conv2d', { dilation: 'same' }, 'conv2d: dilation is "same"; give'],
  ['conv_transpose2d', { output_padding: -1 }, 'conv_transpose2d: output_padding is -1; give'],
  ['max_pool2d', { kernel: 1.5 }, 'max_pool2d: kernel is 1.5; give'],
  ['avg_pool2d', { kernel: null }, 'avg_pool2d: kernel is null; give'],
])('%s of %j is refused in one line', async (op, params, says) => {
  const refused = await shapeOf(op, params).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(SignatureError);
  expect((refused as Error).message).toContain(says);
  expect((refused as Error).message).not.toContain('\n');
});
