import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { capture } from '../../autograd/capture.ts';
import { FlatParameters } from '../../autograd/flat-parameters.ts';
import { splitText } from '../../data/text.ts';
import { GradproofError } from '../../errors.ts';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { ByteModel } from '../../models/byte-model/byte-model.ts';
import { Llama } from '../../models/llama/llama.ts';
import { Mlp } from '../../models/mlp/mlp.ts';
import { add } from '../../ops/math/add.ts';
import { productWith } from '../../ops/matmul/matmul_quantized.ts';
import { stepAdagrad } from '../../ops/optim/adagrad_step.ts';
import { stepAdamw } from '../../ops/optim/adamw_step.ts';
import { unscale } from '../../ops/optim/amp_unscale.ts';
import { clipGradients } from '../../ops/optim/clip_grad_norm.ts';
import { optimizerSteps } from '../../ops/optim/optimizer_steps.ts';
import { adamHyperparameters, sgdHyperparameters } from '../../ops/optim/optimizers.ts';
import { stepSgd } from '../../ops/optim/sgd_step.ts';
import { quantizerOf } from '../../ops/quant/quantize.ts';
import { ternaryMatmul } from '../../ops/quant/ternary_matmul.ts';
import { format as nf4 } from '../../quant/nf4/format.ts';
import type { DType } from '../../tensor/dtype.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import type { Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { DEFAULT_TRAINING } from '../../train/config.ts';
import { Learner } from '../../train/learner.ts';
import { Optimizer } from '../../train/optimizer.ts';
import { Trainer } from '../../train/trainer.ts';

/**
 * Programs call the engine with what no case of a suite has: it is refused, and nothing stays
 * allocated.
 */

let gpu: Gpu;
let scope: Scope;

beforeAll(async () => {
  ({ gpu } = await hostGpu());
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
  if (gpu.memory.ledger.liveBytes !== before)
    return `${code}, and ${gpu.memory.ledger.liveBytes - before} bytes stay`;
  return code;
}

describe('a tensor is refused', () => {
  test.each<[string, Shape]>([
    ['that is larger than a binding of the adapter may be', [2 ** 20, 2 ** 20]],
    ['with a size that is no number', [2, Number.NaN]],
    ['with half an element', [2, 0.5]],
    ['with a size below 0', [-2, -2]],
  ])('%s', (_, shape) => {
    scope = new Scope();
    expect(refusal(() => Tensor.empty(gpu, 'f32', shape))).toBe('shape');
  });

  test('whose data does not fill it', () => {
    scope = new Scope();
    expect(
      refusal(() => Tensor.from(gpu, { dtype: 'f32', shape: [4], data: new Float32Array(3) })),
    ).toBe('shape');
  });
});

describe('a step in place is refused', () => {
  const adam = adamHyperparameters({ optimizer: 'adamw' });
  const sgd = sgdHyperparameters({ optimizer: 'sgd' });

  test('of Adagrad with a sum of another size', () => {
    scope = new Scope();
    const state = { param: tensor([4]), grad: tensor([4]), exp_avg_sq: tensor([3]) };
    expect(refusal(() => stepAdagrad(gpu, state, {}, 1))).toBe('shape');
  });

  test.each<[string, DType]>([
    ['halves', 'f16'],
    ['integers', 'i32'],
  ])('on %s', (_, dtype) => {
    scope = new Scope();
    const a = tensor([4]);
    const b = tensor([4]);
    const c = tensor([4]);
    const odd = tensor([4], dtype);
    const one = tensor([1]);
    expect(
      refusal(() => stepAdamw(gpu, { param: odd, grad: a, exp_avg: b, exp_avg_sq: c }, adam, 1)),
    ).toBe('element-type');
    expect(refusal(() => stepSgd(gpu, { param: a, grad: b, momentum_buffer: odd }, sgd, 1))).toBe(
      'element-type',
    );
    expect(refusal(() => stepAdagrad(gpu, { param: a, grad: odd, exp_avg_sq: c }, {}, 1))).toBe(
      'element-type',
    );
    expect(refusal(() => clipGradients(gpu, [a, odd], { max_norm: 1 }))).toBe('element-type');
    expect(refusal(() => unscale(gpu, { grad: odd, scale: one, found_inf: one }))).toBe(
      'element-type',
    );
  });
});

describe('what is refused leaves nothing behind', () => {
  test('weights of more elements than 32 bits count', () => {
    scope = new Scope();
    const x = tensor([1, 2 ** 16]);
    const packed = tensor([1], 'u8');
    const absmax = tensor([1]);
    const features = { out_features: 2 ** 16 + 1, in_features: 2 ** 16 };
    const params = { quant_type: 'nf4', blocksize: 64, ...features } as const;
    expect(() => productWith(nf4).forward(gpu, { x, packed, absmax }, params)).toThrow(/2\^32/);
    expect(() => ternaryMatmul.forward(gpu, { x, packed }, features)).toThrow(/2\^32/);
  });

  test('steps of an optimizer that goes on from a state of another shape', () => {
    scope = new Scope();
    const inputs = { param: tensor([5]), grads: tensor([2, 5]), 'state.exp_avg': tensor([4]) };
    expect(refusal(() => optimizerSteps.forward(gpu, inputs, { optimizer: 'adamw' }))).toBe(
      'shape',
    );
  });

  test.each([{ nested_blocksize: 48 }, { nested_rounding: 'up' as 'nearest' }])(
    'double quantization with %o',
    (nested) => {
      scope = new Scope();
      const params = {
        quant_type: 'nf4',
        blocksize: 32,
        compress_statistics: true,
        ...nested,
      } as const;
      const weight = tensor([64, 64]);
      expect(refusal(() => quantizerOf(nf4).forward(gpu, { weight }, params))).toBe(
        'not-implemented',
      );
    },
  );

  test('a product of more rows than a grid has', () => {
    scope = new Scope();
    const inputs = { x: tensor([2_097_121, 1]), packed: tensor([1], 'u8') };
    const params = { out_features: 1 };
    expect(refusal(() => ternaryMatmul.forward(gpu, inputs, params, 'skip-zeros'))).toBe('shape');
  });

  test('a trainer under loss scaling whose schedule has no table', () => {
    scope = new Scope();
    const config = {
      ...DEFAULT_TRAINING,
      schedule: { name: 'linear', warmup_ratio: 0 },
      steps: 2 ** 30,
      grad_scaler: {},
    } as const;
    const text = splitText(new Uint8Array(4096), 0.1);
    expect(refusal(() => new Trainer(gpu, text, config))).toBe('bad-params');
  });

  test('a base in blocks of a size that there is not', () => {
    scope = new Scope();
    const config = { ...DEFAULT_TRAINING.model, blocksize: 48 as 64 };
    expect(refusal(() => new ByteModel(gpu, config, new Random(1), new Random(2)))).toBe(
      'not-implemented',
    );
  });

  test('a Llama with a frozen weight that does not fill its shape', () => {
    scope = new Scope();
    const sizes = {
      hidden: 4,
      inner: 4,
      layers: 1,
      heads: 1,
      kv_heads: 1,
      vocab: 4,
      rms_eps: 1e-5,
      rope_theta: 1e4,
    };
    const trained = new Map([['w', hostTensorFrom('f32', [4], new Float32Array(4))]]);
    const frozen = new Map([
      ['a', hostTensorFrom('f32', [4], new Float32Array(4))],
      ['b', { dtype: 'f32', shape: [5], data: new Float32Array(4) } as const],
    ]);
    expect(
      refusal(() => new Llama(gpu, { ...sizes, length: 3 } as never, { trained, frozen } as never)),
    ).toBe('shape');
  });

  test('a learner of examples without as many labels as they say', async () => {
    scope = new Scope();
    const model = scope.add(new Mlp(gpu, { inFeatures: 2, hidden: 4, classes: 2 }, new Random(1)));
    const labels = { dtype: 'i32', shape: [4], data: new Int32Array(3) } as const;
    const draw = () => ({
      inputs: { x: hostTensorFrom('f32', [4, 2], new Float32Array(8)) },
      labels,
    });
    const config = { draw, batchSize: 4, optimizer: { optimizer: 'sgd', lr: 1 }, seed: 1 } as const;
    const learner = scope.add(new Learner(gpu, model, config));
    const before = gpu.memory.ledger.liveBuffers;
    await expect(learner.step()).rejects.toMatchObject({ code: 'shape' });
    expect(gpu.memory.ledger.liveBuffers).toBe(before);
  });

  test('a score of examples that the model cannot read', async () => {
    scope = new Scope();
    const model = scope.add(new Mlp(gpu, { inFeatures: 2, hidden: 4, classes: 2 }, new Random(1)));
    const examplesOf = (features: number) => ({
      inputs: { x: hostTensorFrom('f32', [4, features], new Float32Array(4 * features)) },
      labels: hostTensorFrom('i32', [4], new Int32Array(4)),
    });
    const config = {
      draw: () => examplesOf(2),
      batchSize: 4,
      optimizer: { optimizer: 'sgd', lr: 1 },
      seed: 1,
    } as const;
    const learner = scope.add(new Learner(gpu, model, config));
    const before = gpu.memory.ledger.liveBuffers;
    await expect(learner.score(examplesOf(3))).rejects.toThrow(/expected \[\*,2\], got \[4,3\]/);
    expect(gpu.memory.ledger.liveBuffers).toBe(before);
  });

  test('a capture of a kernel that is not there any more', async () => {
    scope = new Scope();
    const a = tensor([4]);
    const before = gpu.memory.ledger.liveBuffers;
    using _edit = gpu.recorder.pipelines.edit('math/add', {
      from: 'what the kernel does not say',
      to: '',
    });
    await expect(capture(gpu, () => add.forward(gpu, { a, b: a }, {}))).rejects.toThrow(
      /occurs 0 times/,
    );
    expect(gpu.memory.ledger.liveBuffers).toBe(before);
  });

  test('an optimizer under loss scaling whose schedule has no table', () => {
    scope = new Scope();
    using parameters = new FlatParameters(
      gpu,
      new Map([['w', hostTensorFrom('f32', [4], new Float32Array(4))]]),
    );
    const options = { schedule: { name: 'linear', total: 2 ** 30 }, grad_scaler: {} } as const;
    expect(refusal(() => new Optimizer(gpu, parameters, { optimizer: 'sgd' }, options))).toBe(
      'bad-params',
    );
  });
});
