import { expect, test } from 'vitest';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { loraLinear } from './lora_linear.ts';

test('the gradient of the magnitude comes from that of y, and what was rescaled', async () => {
  const { gpu } = await hostGpu();
  const inputs = {
    x: Tensor.zeros(gpu, [2, 3]),
    weight: Tensor.zeros(gpu, [4, 3]),
    lora_A: Tensor.zeros(gpu, [2, 3]),
    lora_B: Tensor.zeros(gpu, [4, 2]),
    magnitude: Tensor.zeros(gpu, [4]),
  };
  const params = { r: 2, alpha: 1, use_dora: true };
  const outputs = loraLinear.forward(gpu, inputs, params);
  const grads = { y: Tensor.zeros(gpu, [2, 4]) };
  const wants = new Set(['magnitude']);
  const { trace, result } = gpu.trace(() =>
    loraLinear.backward(gpu, { inputs, outputs, grads, params, wants } as never),
  );
  const { z, norm } = outputs as unknown as Readonly<Record<'z' | 'norm', Tensor>>;
  const gradient = (result as { readonly magnitude: Tensor }).magnitude;
  const launches = trace.commands.map((command) => command.kind === 'dispatch' && command.launch);
  expect(launches).toMatchObject([{ shader: { file: 'lora/dora_magnitude' } }]);
  const [launch] = launches;
  expect((launch || undefined)?.bindings.map(({ memory }) => memory)).toEqual(
    [grads.y, z, norm, gradient].map((tensor) => tensor.binding.memory),
  );
});
