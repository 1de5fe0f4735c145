import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { create, globals } from 'webgpu';
import { GradproofError } from '../../errors.ts';
import { Gpu } from '../../gpu/gpu.ts';
import { FlatParameters } from '../../nn/flat-parameters.ts';
import { matmul4bit } from '../../ops/matmul/matmul_4bit.ts';
import { adagradStep } from '../../ops/optim/adagrad_step.ts';
import { adamwStep } from '../../ops/optim/adamw_step.ts';
import { unscale } from '../../ops/optim/amp_unscale.ts';
import { clipGradNorm } from '../../ops/optim/clip_grad_norm.ts';
import { optimizerSteps } from '../../ops/optim/optimizer_steps.ts';
import { sgdStep } from '../../ops/optim/sgd_step.ts';
import { quantize_4bit } from '../../ops/quant/quantize_4bit.ts';
import { ternary_matmul } from '../../ops/quant/ternary_matmul.ts';
import type { DType } from '../../tensor/dtype.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import type { Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { TensorScope } from '../../tensor/tensor-scope.ts';
import { Optimizer } from '../../train/optimizer.ts';
import { findSwiftShader } from './swiftshader.ts';

/** Programs call the engine with what no case of a suite has: it is refused, and nothing stays allocated. */

let gpu: Gpu;
let scope: TensorScope;

beforeAll(async () => {
  Object.assign(globalThis, globals);
  process.env['VK_DRIVER_FILES'] ??= await findSwiftShader();
  gpu = await Gpu.request(create(['enable-dawn-features=allow_unsafe_apis']));
});
afterAll(() => gpu[Symbol.dispose]());
afterEach(() => {
  scope[Symbol.dispose]();
  expect(gpu.memory.ledger.liveBytes).toBe(0);
});

/** Zeros that the test disposes. */
const tensor = (shape: Shape, dtype: DType = 'f32') => {
  const size = shape.reduce((a, b) => a * b, 1);
  return scope.add(Tensor.from(gpu, hostTensorFrom(dtype, shape, new Float32Array(size))));
};

function refusal(call: () => unknown): string {
  const before = gpu.memory.ledger.liveBytes;
  let code = 'none';
  try {
    call();
  } catch (error) {
    code = error instanceof GradproofError ? error.code : `${error}`;
  }
  if (gpu.memory.ledger.liveBytes !== before) return `${code}, and ${gpu.memory.ledger.liveBytes - before} bytes stay`;
  return code;
}

describe('a tensor is refused', () => {
  test.each<[string, Shape]>([
    ['that is larger than a binding of the adapter may be', [2 ** 20, 2 ** 20]],
    ['with a size that is no number', [2, Number.NaN]],
    ['with half an element', [2, 0.5]],
    ['with a size below 0', [-2, -2]],
  ])('%s', (_, shape) => {
    scope = new TensorScope();
    expect(refusal(() => Tensor.empty(gpu, 'f32', shape))).toBe('shape');
  });

  test('whose data does not fill it', () => {
    scope = new TensorScope();
    expect(refusal(() => Tensor.from(gpu, { dtype: 'f32', shape: [4], data: new Float32Array(3) }))).toBe('shape');
  });
});

describe('a step in place is refused', () => {
  const adam = { lr: 1, betas: [0.5, 0.5], eps: 1, weight_decay: 0 } as const;

  test('of Adagrad with a sum of another size', () => {
    scope = new TensorScope();
    const state = { param: tensor([4]), grad: tensor([4]), exp_avg_sq: tensor([3]) };
    expect(refusal(() => adagradStep(gpu, state, {}, 1))).toBe('shape');
  });

  test.each<[string, DType]>([
    ['halves', 'f16'],
    ['integers', 'i32'],
  ])('on %s', (_, dtype) => {
    scope = new TensorScope();
    const [a, b, c, odd, one] = [tensor([4]), tensor([4]), tensor([4]), tensor([4], dtype), tensor([1])];
    expect(refusal(() => adamwStep(gpu, { param: odd, grad: a, exp_avg: b, exp_avg_sq: c }, adam, 1))).toBe('element-type');
    expect(refusal(() => sgdStep(gpu, { param: a, grad: b, momentum_buffer: odd }, { lr: 1 }, 1))).toBe('element-type');
    expect(refusal(() => adagradStep(gpu, { param: a, grad: odd, exp_avg_sq: c }, {}, 1))).toBe('element-type');
    expect(refusal(() => clipGradNorm(gpu, [a, odd], { max_norm: 1 }))).toBe('element-type');
    expect(refusal(() => unscale(gpu, { grad: odd, scale: one, found_inf: one }))).toBe('element-type');
  });
});

describe('what is refused leaves nothing behind', () => {
  test('weights of more elements than 32 bits count', () => {
    scope = new TensorScope();
    const [x, packed, absmax] = [tensor([1, 2 ** 16]), tensor([1], 'u8'), tensor([1])];
    const features = { out_features: 2 ** 16 + 1, in_features: 2 ** 16 };
    const params = { quant_type: 'nf4', blocksize: 64, ...features } as const;
    expect(() => matmul4bit.forward(gpu, { x, packed, absmax }, params)).toThrow(/2\^32/);
    expect(() => ternary_matmul.forward(gpu, { x, packed }, features)).toThrow(/2\^32/);
  });

  test('steps of an optimizer that goes on from a state of another shape', () => {
    scope = new TensorScope();
    const inputs = { param: tensor([5]), grads: tensor([2, 5]), 'state.exp_avg': tensor([4]) };
    expect(refusal(() => optimizerSteps.forward(gpu, inputs, { optimizer: 'adamw' }))).toBe('shape');
  });

  test.each([{ nested_blocksize: 48 }, { nested_rounding: 'up' as 'nearest' }])('double quantization with %o', (nested) => {
    scope = new TensorScope();
    const params = { quant_type: 'nf4', blocksize: 32, compress_statistics: true, ...nested } as const;
    const weight = tensor([64, 64]);
    expect(refusal(() => quantize_4bit.forward(gpu, { weight }, params))).toBe('not-implemented');
  });

  test('a product of more rows than a grid has', () => {
    scope = new TensorScope();
    const inputs = { x: tensor([2_097_121, 1]), packed: tensor([1], 'u8') };
    expect(refusal(() => ternary_matmul.forward(gpu, inputs, { out_features: 1 }))).toBe('shape');
  });

  test('an optimizer under loss scaling whose schedule has no table', () => {
    scope = new TensorScope();
    using parameters = new FlatParameters(gpu, new Map([['w', hostTensorFrom('f32', [4], new Float32Array(4))]]));
    const options = { schedule: { name: 'linear', total: 2 ** 30 }, grad_scaler: {} } as const;
    expect(refusal(() => new Optimizer(gpu, parameters, { optimizer: 'sgd' }, options))).toBe('bad-params');
  });
});
