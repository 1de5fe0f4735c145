import { capture } from '../../src/autograd/capture.ts';
import { FlatParameters } from '../../src/autograd/flat-parameters.ts';
import type { Acceptance, OpRecord, Value } from '../../src/reference/record.ts';
import { records } from '../../src/reference/registry.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { judgeApplications } from '../../src/testing/judge-step.ts';
import { suite } from '../../src/testing/suite.ts';
import { Optimizer, type OptimizerOptions } from '../../src/train/optimizer.ts';
import type { OptimizerParams } from '../../src/train/update-rule.ts';
import type { Schedule } from '../../src/vocabulary/optim/lr_schedule.ts';
import { uniformsStandStill } from './uniforms-stand-still.ts';

export const optimizerSuite = suite('train.optimizer', {
  description:
    'Updates as training makes them: gradients clipped by their norm, rates that follow a schedule, steps of several optimizers',
});

const SIZES = { w: [9, 33], b: [5, 1] } as const;

/** Parameters of two shapes with a gap between them, and their gradients. */
class Setting implements Disposable {
  readonly parameters: FlatParameters;
  readonly gradients: ReadonlyMap<Tensor, Tensor>;
  readonly optimizer: Optimizer;

  constructor(t: CaseContext, params: OptimizerParams, options: OptimizerOptions) {
    const drawn = (stream: number) => {
      const random = t.random(stream);
      return Object.entries(SIZES).map(
        ([name, shape]) => [name, normal(shape, () => random.normal())] as const,
      );
    };
    this.parameters = new FlatParameters(t.gpu, new Map(drawn(1)));
    this.gradients = new Map(
      drawn(2).map(([name, host]) => [this.parameters.view(name), Tensor.from(t.gpu, host)]),
    );
    this.optimizer = new Optimizer(t.gpu, this.parameters, params, options);
  }

  [Symbol.dispose](): void {
    for (const gradient of this.gradients.values()) gradient[Symbol.dispose]();
    this.optimizer[Symbol.dispose]();
    this.parameters[Symbol.dispose]();
  }
}

function normal(shape: readonly number[], draw: () => number): HostTensor {
  return hostTensorFrom(
    'f32',
    shape,
    Float64Array.from({ length: shape.reduce((size, n) => size * n, 1) }, draw),
  );
}

const OPTIMIZERS: Readonly<Record<string, OptimizerParams>> = {
  adamw: { optimizer: 'adamw', lr: 0.01 },
  adam: { optimizer: 'adam', lr: 0.01, weight_decay: 0.1 },
  sgd: { optimizer: 'sgd', lr: 0.1, momentum: 0.9, dampening: 0.25, weight_decay: 0.1 },
  nesterov: { optimizer: 'sgd', lr: 0.1, momentum: 0.9, nesterov: true },
  rmsprop: { optimizer: 'rmsprop', momentum: 0.9, weight_decay: 0.1 },
  muon: { optimizer: 'muon', lr: 0.1 },
  // Codes of the larger parameter, floats of the other.
  adamw8bit: { optimizer: 'adamw8bit', lr: 0.1, min_8bit_size: 100, blocksize: 128 },
};

optimizerSuite
  .case('judged-steps', { optimizer: Object.keys(OPTIMIZERS) })
  .desc(
    'Three steps with clipping and a warm-up: norm, clipped gradients, parameters and what the optimizer keeps, each from what the GPU had before, and the rates.',
  )
  .control('a norm of 1', (fault) =>
    fault.shader(
      'optim/grad_norm',
      'norm[lane] = select',
      'norm[lane] = 0x3f800000u + 0u * select',
    ),
  )
  .run(async (t) => {
    const schedule: Schedule = { name: 'cosine', warmup: 1, total: 4 };
    using setting = new Setting(t, OPTIMIZERS[String(t.params['optimizer'])] as OptimizerParams, {
      schedule,
      max_grad_norm: 1,
    });
    const judged = new Set<string>();
    for (let step = 1; step <= 3; step++) {
      setting.optimizer.advance();
      await setting.optimizer.judgedUpdate(setting.gradients, async (seen) => {
        for (const { op } of seen) judged.add(op.name);
        await judgeApplications(t, step, seen);
      });
    }
    const parts = ['clip_grad_norm', 'lr_schedule'].filter((op) => !judged.has(op));
    const steps = t.params['optimizer'] === 'adamw8bit' ? 2 : 1;
    t.expect(
      parts.length === 0 && judged.size === 2 + steps,
      () => `judged were ${[...judged].join(', ')}`,
    );
  });

/** A rate of 0 in the first step, a last one of 0, and neither. */
const SCHEDULES: Readonly<Record<string, Schedule>> = {
  constant: { name: 'constant', warmup: 3 },
  linear: { name: 'linear', warmup: 2, total: 6 },
  cosine: { name: 'cosine', total: 6 },
};

optimizerSuite
  .case('captured-schedule', { name: Object.keys(SCHEDULES) })
  .desc(
    'Six replays of one captured update: after each the parameters are where the rate of that step leads from where they were, as the records of schedule and SGD have it.',
  )
  .control('the count of steps stands still', uniformsStandStill)
  .run(async (t) => {
    const schedule = SCHEDULES[String(t.params['name'])] as Schedule;
    using setting = new Setting(t, { optimizer: 'sgd', lr: 0.5 }, { schedule });
    const { parameters, gradients, optimizer } = setting;
    using step = await capture(t.gpu, () => {
      optimizer.update(gradients);
      return {};
    });
    using flat = Tensor.zeros(t.gpu, parameters.data.shape);
    parameters.gather(gradients, flat);
    const grad = await download(flat);
    const momentum_buffer = { ...grad, data: new Float64Array(grad.data.length) };
    const rates = recordOf('lr_schedule').forward(
      {},
      {
        ...schedule,
        base_lr: 0.5,
        steps: 6,
      },
    )['lr'] as Value;
    for (const [i, lr] of rates.data.entries()) {
      const before = { param: await download(parameters.data), grad, momentum_buffer };
      optimizer.advance();
      step.run();
      t.gpu.submit();
      const params = { lr, step: i + 1 };
      const oracle = recordOf('sgd_step').forward(before, params);
      const { param } = recordOf('sgd_step').acceptance(before, oracle, params, {
        depth: () => 1,
        ieee: t.ieee,
      });
      t.expectAccepted(
        `parameters after step ${i + 1}`,
        await download(parameters.data),
        oracle['param'] as Value,
        param as Acceptance,
      );
    }
  });

/** Whole runs of twelve steps, each by a schedule of its own. */
const RUNS: Readonly<Record<string, Schedule>> = {
  constant: { name: 'constant', warmup: 3 },
  linear: { name: 'linear', warmup: 3, total: 12 },
  cosine: { name: 'cosine', warmup: 3, total: 12 },
  cosine_with_restarts: { name: 'cosine_with_restarts', warmup: 2, total: 12, num_cycles: 3 },
  cosine_with_min_lr: { name: 'cosine_with_min_lr', warmup: 3, total: 12, min_lr_rate: 0.1 },
  polynomial: { name: 'polynomial', warmup: 3, total: 12, power: 2, lr_end: 0.01 },
  inverse_sqrt: { name: 'inverse_sqrt', warmup: 3, total: 12 },
  exponential: { name: 'exponential', warmup: 3, total: 12, gamma: 0.9 },
  warmup_stable_decay: { name: 'warmup_stable_decay', warmup: 3, total: 12, num_decay_steps: 5 },
};

optimizerSuite
  .case('rates-read-back', { name: Object.keys(RUNS) })
  .desc(
    'Parameters of 0 and gradients of -1: a step of SGD leaves the very rate that the kernel was given. It is float32 of the record at every step, those after a state was taken up by another optimizer too.',
  )
  .covers(
    'fsdp.training.learning-rate-schedulers/uniform-read-back',
    'fsdp.training.learning-rate-schedulers/resume-continues',
  )
  .control('an optimizer that takes up a state begins at the first step', (fault) =>
    fault.host(
      'lr_schedule.scheduledRate',
      (original) => (lr, schedule, step) => original(lr, schedule, step % 7),
    ),
  )
  .run(async (t) => {
    const steps = 12;
    const resumed = 7;
    const base_lr = 0.3;
    const schedule = RUNS[String(t.params['name'])] as Schedule;
    const params = { ...schedule, base_lr, steps };
    const { data } = recordOf('lr_schedule').forward({}, params)['lr'] as Value;
    const of = (value: number) => hostTensorFrom('f32', [5], new Float64Array(5).fill(value));
    using parameters = new FlatParameters(t.gpu, new Map([['w', of(0)]]));
    using minus = Tensor.from(t.gpu, of(-1));
    const gradients = new Map([[parameters.view('w'), minus]]);
    const made = () =>
      new Optimizer(t.gpu, parameters, { optimizer: 'sgd', lr: base_lr }, { schedule });
    const ran = async (optimizer: Optimizer, until: number) => {
      while (optimizer.step < until) {
        parameters.view('w').write(of(0));
        optimizer.advance();
        optimizer.update(gradients);
        const expected = of(data[optimizer.step - 1] as number);
        t.expectEqual(`the rate of step ${optimizer.step}`, await download(parameters.view('w')), {
          shape: [5],
          data: valuesOf(expected),
        });
      }
      return await optimizer.read();
    };
    using first = made();
    const state = await ran(first, resumed);
    using second = made();
    second.write(state);
    await ran(second, steps);
  });

function recordOf(name: string): OpRecord {
  return records.get(name) as OpRecord;
}

async function download(tensor: Tensor): Promise<Value> {
  const host = await tensor.read();
  return { shape: host.shape, data: valuesOf(host) };
}
