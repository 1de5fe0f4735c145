import { expect, test } from 'vitest';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { ShapeError } from '../../tensor/host.ts';
import type { Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { swigluMlp } from './swiglu_mlp.ts';

test.each<[string, Shape, Shape, Shape, string]>([
  ['a gate of other features', [5, 4], [5, 4], [7, 5], '2x3, 5x4, 5x4, 7x5'],
  ['a raise unlike the gate', [5, 3], [6, 3], [7, 5], '2x3, 5x3, 6x3, 7x5'],
  ['a last weight of other inputs', [5, 3], [5, 3], [7, 6], '2x3, 5x3, 5x3, 7x6'],
  ['a last weight that is no matrix', [5, 3], [5, 3], [1, 5, 7], '2x3, 5x3, 5x3, 1x5x7'],
])('%s is refused by the four shapes', async (_, gate, up, down, shapes) => {
  const { gpu } = await hostGpu();
  const inputs = {
    x: Tensor.zeros(gpu, [2, 3]),
    gate: Tensor.zeros(gpu, gate),
    up: Tensor.zeros(gpu, up),
    down: Tensor.zeros(gpu, down),
  };
  expect(() => swigluMlp.forward(gpu, inputs, {})).toThrow(
    new ShapeError(`swiglu_mlp: x, gate, up, down of ${shapes} do not fit`),
  );
});
