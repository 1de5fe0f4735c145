import { expect, test } from 'vitest';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { launchesIn } from '../../gpu/trace.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { mergedNorm } from './dora.ts';

test('each element of a merged row takes r terms, is scaled, added to the weight and squared', async () => {
  const { gpu } = await hostGpu();
  const { trace } = gpu.trace(() =>
    mergedNorm(gpu, {
      lora_A: Tensor.zeros(gpu, [7, 3]),
      lora_B: Tensor.zeros(gpu, [5, 7]),
      scale: 2,
      weight: Tensor.zeros(gpu, [5, 3]),
    }),
  );
  const flops = launchesIn(trace.commands).map((launch) => launch.flops);
  // Of 5 x 3 elements: 7 products and their sum, the scale, the weight, the square and its sum.
  expect(flops).toEqual([5 * 3 * (2 * 7 + 4)]);
});

test('a quantized weight without blocks is one block', async () => {
  const { gpu } = await hostGpu();
  const { trace } = gpu.trace(() =>
    mergedNorm(gpu, {
      lora_A: Tensor.zeros(gpu, [7, 6]),
      lora_B: Tensor.zeros(gpu, [5, 7]),
      scale: 2,
      weight: {
        format: blockFormatOf('nf4'),
        shape: [5, 6],
        parts: { packed: Tensor.zeros(gpu, [4]), absmax: Tensor.zeros(gpu, [1]) },
      },
    }),
  );
  const [{ uniforms } = {}] = launchesIn(trace.commands);
  expect(Array.isArray(uniforms) && uniforms.map(({ value }) => value)).toEqual([5, 6, 7, 30, 2]);
});
