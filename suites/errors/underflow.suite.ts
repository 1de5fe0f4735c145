import { mul } from '../../src/ops/math/mul.ts';
import { layerNorm } from '../../src/ops/nn/layer_norm.ts';
import { logSoftmax } from '../../src/ops/nn/log_softmax.ts';
import { stepAdamw } from '../../src/ops/optim/adamw_step.ts';
import { adamHyperparameters } from '../../src/ops/optim/optimizers.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

export const underflow = suite('errors.underflow', {
  description: 'Numbers below the smallest normal float: results stay finite and near the truth',
});

/** Its square is below the smallest denormal. */
const FACTOR = 1e-30;
const TINY = 1e-40;
/** What is finite is right as well: a wrong eps shows as a factor. */
const NEAR = 1e-5;
const SMALLEST_NORMAL = 2 ** -126;

function filled(t: CaseContext, shape: readonly number[], value: number): Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  return Tensor.from(t.gpu, hostTensorFrom('f32', shape, new Float64Array(size).fill(value)));
}

async function expectNear(t: CaseContext, name: string, tensor: Tensor, truth: number, by: number) {
  for (const value of valuesOf(await tensor.read()))
    t.expect(Math.abs(value - truth) <= by, () => `${name} is ${value} and should be ${truth}`);
}

underflow
  .case('product')
  .covers('triton.errors.numerical-underflow/product-near-zero')
  .desc('1e-30 * 1e-30 is within 2^-126 of 0, and 3 * 5 beside it is 15.')
  .control('added', (fault) => fault.shader('math/mul', 'return a * b;', 'return a + b;'))
  .run(async (t) => {
    const factors = (last: number) =>
      Tensor.from(t.gpu, hostTensorFrom('f32', [7], [...new Array<number>(6).fill(FACTOR), last]));
    using a = factors(3);
    using b = factors(5);
    using y = mul.forward(t.gpu, { a, b }, {}).y;
    await expectNear(t, 'the product', y.view([6]), 0, SMALLEST_NORMAL);
    const last = (await y.read()).data[6];
    t.expect(last === 15, () => `3 * 5 is ${last}`);
  });

underflow
  .case('log-softmax')
  .covers('triton.errors.numerical-underflow/finite-at-1e-40')
  .desc('Log-softmax of 1e-40 everywhere is finite: minus the logarithm of how many there are.')
  .control('nothing in the sum', (fault) =>
    fault.shader(
      'nn/log_softmax',
      'log(sum_of_row(lane, sums))',
      'log(0.0 * sum_of_row(lane, sums))',
    ),
  )
  .run(async (t) => {
    using x = filled(t, [3, 8], TINY);
    using y = logSoftmax.forward(t.gpu, { x }, {}).y;
    await expectNear(t, 'the logarithm', y, -Math.log(8), NEAR);
  });

underflow
  .case('variance')
  .covers('triton.errors.numerical-underflow/finite-at-1e-40')
  .desc('Rows of 1e-40 and -1e-40 are normalized to finite numbers: eps is all their variance.')
  .control('no eps', (fault) => fault.shader('nn/layer_norm', ' + params.eps', ''))
  .run(async (t) => {
    const data = Float64Array.from({ length: 16 }, (_, i) => (i % 2 ? TINY : -TINY));
    using x = Tensor.from(t.gpu, hostTensorFrom('f32', [2, 8], data));
    using weight = filled(t, [8], 1);
    using bias = filled(t, [8], 0.5);
    const outputs = layerNorm.forward(t.gpu, { x, weight, bias }, { eps: 1e-5 });
    try {
      await expectNear(t, 'the normalized number', outputs.y, 0.5, NEAR);
    } finally {
      for (const output of Object.values(outputs)) output[Symbol.dispose]();
    }
  });

underflow
  .case('adam')
  .covers('triton.errors.numerical-underflow/finite-at-1e-40')
  .desc(
    'A step of Adam with gradients of 1e-40, whose squares are 0, is finite: eps is all that it divides by.',
  )
  .control('no eps', (fault) => fault.shader('optim/adamw_step', ' + adam.eps', ''))
  .run(async (t) => {
    using param = filled(t, [9], 1);
    using grad = filled(t, [9], TINY);
    using exp_avg = filled(t, [9], 0);
    using exp_avg_sq = filled(t, [9], 0);
    const adam = adamHyperparameters({
      optimizer: 'adam',
      lr: 0.1,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weight_decay: 0,
    });
    stepAdamw(t.gpu, { param, grad, exp_avg, exp_avg_sq }, adam, 1);
    // 0.1 * 1e-40 / 1e-8 is all that a parameter moves.
    await expectNear(t, 'the parameter', param, 1, NEAR);
    await expectNear(t, 'the mean of the gradients', exp_avg, 0, SMALLEST_NORMAL);
    await expectNear(t, 'the mean of their squares', exp_avg_sq, 0, SMALLEST_NORMAL);
  });
