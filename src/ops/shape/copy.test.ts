import { expect, test } from 'vitest';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { expanded } from './copy.ts';

test('what is repeated is read again along each axis that repeats', async () => {
  const { gpu } = await hostGpu();
  using x = Tensor.zeros(gpu, [2, 1]);
  const { trace, result: y } = gpu.trace(() => expanded(gpu, x, [2, 3]));
  expect(y.shape).toEqual([2, 3]);
  const [command] = trace.commands;
  if (command?.kind !== 'dispatch') throw new Error('no launch');
  const { uniforms, bindings, workgroups } = command.launch;
  expect([bindings[0]?.memory, bindings[1]?.memory].map((one) => one === y.binding.memory)).toEqual(
    [false, true],
  );
  expect(workgroups).toEqual([1, 1, 1]);
  // Three columns that x has once, then two rows.
  expect(Array.isArray(uniforms) && uniforms.map(({ value }) => value).slice(0, 12)).toEqual([
    ...[6, 0, 0, 0],
    ...[3, 0, 1, 0],
    ...[2, 1, 3, 0],
  ]);
});

test('what has nine dimensions is not repeated', async () => {
  const { gpu } = await hostGpu();
  using x = Tensor.zeros(gpu, [2, 1, 1, 1, 1, 1, 1, 1, 1]);
  expect(() => expanded(gpu, x, x.shape)).toThrow(
    'expand: 2x1x1x1x1x1x1x1x1 has more than 8 dimensions',
  );
});
