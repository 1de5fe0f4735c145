import { expect, test } from 'vitest';
import { FlatParameters } from '../autograd/flat-parameters.ts';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import { uniformsByName } from '../ops/fixtures/uniforms-by-name.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { Tensor } from '../tensor/tensor.ts';
import { Optimizer } from './optimizer.ts';

const zeros = (...shape: number[]) =>
  hostTensorFrom('f32', shape, new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(0));

test('Muon steps each matrix where it lies, at the rate of the step', async () => {
  const { gpu } = await hostGpu();
  const shapes = { up: [2, 3], down: [8, 2] };
  const initial = Object.entries(shapes).map(([name, of]) => [name, zeros(...of)] as const);
  using parameters = new FlatParameters(gpu, new Map(initial));
  const gradients = new Map(
    Object.entries(shapes).map(([name, of]) => [parameters.view(name), Tensor.zeros(gpu, of)]),
  );
  using optimizer = new Optimizer(
    gpu,
    parameters,
    { optimizer: 'muon', lr: 0.5, weight_decay: 0.25, ns_steps: 0 },
    { schedule: { name: 'linear', total: 2 } },
  );
  optimizer.advance();
  optimizer.advance();
  const { memory } = parameters.data.binding;
  const steps = gpu
    .trace(() => optimizer.update(gradients))
    .trace.commands.flatMap((command) => {
      if (command.kind === 'copy' || command.launch.shader.file !== 'optim/muon_sum') return [];
      const [, param] = command.launch.bindings;
      expect(param?.memory).toBe(memory);
      return [[param?.offset, uniformsByName(command.launch)]];
    });
  // Half of the rate in the second of two steps; the second matrix is four times as high as wide.
  expect(steps).toEqual([
    [0, { count: 6, keep: 1 - 0.25 / 4, gain: -0.25 }],
    [256, { count: 16, keep: 1 - 0.25 / 4, gain: -0.5 }],
  ]);
});

test('Muon refuses parameters that are no matrices, by their names', async () => {
  const { gpu } = await hostGpu();
  const initial = new Map([
    ['up', zeros(2, 3)],
    ['norm', zeros(3)],
    ['bias', zeros(2)],
  ]);
  using parameters = new FlatParameters(gpu, initial);
  expect(() => new Optimizer(gpu, parameters, { optimizer: 'muon' })).toThrow(
    'muon steps matrices alone, and there are norm, bias: take another optimizer',
  );
});
