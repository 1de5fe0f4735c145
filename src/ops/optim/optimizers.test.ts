import { describe, expect, test } from 'vitest';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { adamScalars, stepAdamw } from './adamw_step.ts';
import { stepAmpAdamw } from './amp_adamw_step.ts';
import { stepAmpSgd } from './amp_sgd_step.ts';
import { unscale } from './amp_unscale.ts';
import { updateScale } from './amp_update_scale.ts';
import { type AdamParams, adamHyperparameters, sgdHyperparameters } from './optimizers.ts';
import { sgdScalars, stepSgd } from './sgd_step.ts';

describe('hyperparameters', () => {
  const adam = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, bias_correction: true };

  test('of Adam are those of torch where they are absent', () => {
    expect(adamHyperparameters({ optimizer: 'adam' })).toEqual({
      ...adam,
      ...{ weight_decay: 0, mode: 'adam' },
    });
    expect(adamHyperparameters({ optimizer: 'adamw', eps: 0.5, betas: [0.1, 0.2] })).toEqual({
      ...{ ...adam, eps: 0.5, betas: [0.1, 0.2] },
      ...{ weight_decay: 0.01, mode: 'adamw' },
    });
  });

  test('of Adam have the mode of the optimizer, whatever ONNX means by one', () => {
    const params = { optimizer: 'adam', mode: 'nesterov' } as AdamParams;
    expect(adamHyperparameters(params).mode).toBe('adam');
  });

  test('of SGD are those of torch where they are absent', () => {
    const plain = { lr: 1e-3, momentum: 0, dampening: 0, weight_decay: 0, nesterov: false };
    expect(sgdHyperparameters({ optimizer: 'sgd' })).toEqual(plain);
    expect(sgdHyperparameters({ optimizer: 'sgd', lr: 0.5, nesterov: true })).toEqual({
      ...{ ...plain, lr: 0.5, nesterov: true },
    });
  });
});

test('a step in place refuses tensors of other sizes before it runs', async () => {
  const { gpu } = await hostGpu();
  const of = (size: number) =>
    Tensor.from(gpu, hostTensorFrom('f32', [size], new Array<number>(size).fill(0)));
  const adam = adamHyperparameters({ optimizer: 'adamw' });
  const sgd = sgdHyperparameters({ optimizer: 'sgd' });
  const moments = { param: of(3), grad: of(4), exp_avg: of(3), exp_avg_sq: of(3) };
  const momentum = { param: of(3), grad: of(4), momentum_buffer: of(3) };
  const found = { found_inf: of(1), steps: of(1) };
  const rates = of(4);
  const held = gpu.recorder.dispatches;
  expect(() => stepAdamw(gpu, moments, adam, 1)).toThrow('of one size, not 3, 4, 3, 3');
  expect(() => stepSgd(gpu, momentum, sgd, 1)).toThrow('of one size, not 3, 4, 3');
  expect(() => stepAmpAdamw(gpu, { ...moments, ...found }, adam, rates)).toThrow(
    'amp_adamw_step needs param, grad, exp_avg, exp_avg_sq of one size, not 3, 4, 3, 3',
  );
  expect(() => stepAmpSgd(gpu, { ...momentum, ...found }, sgd, rates)).toThrow(
    'amp_sgd_step needs param, grad, momentum_buffer of one size, not 3, 4, 3',
  );
  expect(gpu.recorder.dispatches).toBe(held);
});

test('a step in place refuses halves before it runs', async () => {
  const { gpu } = await hostGpu();
  const param = Tensor.zeros(gpu, [4]);
  const grad = Tensor.empty(gpu, 'f16', [4]);
  const momentum = { param, grad, momentum_buffer: param };
  expect(() => stepSgd(gpu, momentum, sgdHyperparameters({ optimizer: 'sgd' }), 1)).toThrow(
    'sgd_step: grad is f16, and f32 can be taken: cast it first',
  );
});

test('what is changed in place has one scale and one flag', async () => {
  const { gpu } = await hostGpu();
  const [grad, one, two] = [4, 1, 2].map((size) => Tensor.zeros(gpu, [size])) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  expect(() => unscale(gpu, { grad, scale: one, found_inf: two })).toThrow(
    'amp_unscale needs found_inf of one element, not of 2',
  );
  const state = { scale: one, growth_tracker: one, steps: one };
  expect(() => updateScale(gpu, state, two, {})).toThrow(
    'amp_update_scale needs found_inf of one element, not of 2',
  );
});

test('SGD begins with the gradient alone, and without momentum always does', () => {
  const of = (momentum: number, isFirst: boolean) => {
    const hyperparameters = { lr: 1, momentum, dampening: 0.25, weight_decay: 0, nesterov: false };
    const { keep, gain } = sgdScalars(hyperparameters, isFirst);
    return [keep, gain];
  };
  expect([of(0, false), of(1, false), of(1, true)]).toEqual([
    [0, 1],
    [1, 0.75],
    [0, 1],
  ]);
});

test('what does not change with the step is the same at each', () => {
  const adam = adamHyperparameters({ optimizer: 'adam', weight_decay: 0.5, betas: [0.75, 0.5] });
  for (const step of [1, 7]) {
    const { l2, restOfBeta1, beta2, restOfBeta2, eps } = adamScalars(adam, step);
    expect([l2, restOfBeta1, beta2, restOfBeta2, eps]).toEqual([0.5, 0.25, 0.5, 0.5, 1e-8]);
  }
  const sgd = sgdHyperparameters({
    ...{ optimizer: 'sgd', momentum: 0.75, weight_decay: 0.5, nesterov: true },
  });
  for (const isFirst of [true, false]) {
    const { l2, direct, ahead } = sgdScalars(sgd, isFirst);
    expect([l2, direct, ahead]).toEqual([0.5, 1, 0.75]);
  }
});
