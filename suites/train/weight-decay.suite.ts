import { FlatParameters } from '../../src/autograd/flat-parameters.ts';
import { adamwStep } from '../../src/ops/optim/adamw_step.ts';
import { stepSgd } from '../../src/ops/optim/sgd_step.ts';
import { EPS } from '../../src/reference/bounds.ts';
import { record as adamRecord } from '../../src/reference/optim/adamw_step.ts';
import { momentumBound, sgdScalars } from '../../src/reference/optim/momentum.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { suite } from '../../src/testing/suite.ts';
import { Optimizer } from '../../src/train/optimizer.ts';
import { SGD_DEFAULTS } from '../../src/vocabulary/optim/sgd.ts';
import { download, normalTensor } from './tensors.ts';

export const weightDecaySuite = suite('train.weight-decay', {
  description: 'Weight decay: with the gradient (L2), alone over many steps, and beside the step',
});

const noDecay =
  (original: (...args: unknown[]) => object) =>
  (...args: unknown[]) => ({
    ...original(...args),
    l2: 0,
  });

weightDecaySuite
  .case('one-step')
  .covers('triton.training.regularization/one-step-update')
  .desc(
    'A step of SGD with weight decay 1e-4 goes from w to w - lr (g + wd w), within the bound of one step, which is far below the share of the decay.',
  )
  .control('no decay is added to the gradient', (fault) => fault.host('sgd_step.scalars', noDecay))
  .run(async (t) => {
    const params = { optimizer: 'sgd', lr: 0.1, weight_decay: 1e-4 } as const;
    // A small gradient: what decays must show beside it.
    const [w, g] = [normalTensor(t, 1, [9, 33], 4), normalTensor(t, 2, [9, 33], 0.25)];
    using parameters = new FlatParameters(t.gpu, new Map([['w', w]]));
    using optimizer = new Optimizer(t.gpu, parameters, params);
    using grad = Tensor.from(t.gpu, g);
    optimizer.advance();
    optimizer.update(new Map([[parameters.view('w'), grad]]));
    const lr = Math.fround(params.lr);
    const decay = Math.fround(params.weight_decay);
    const grads = valuesOf(g);
    const expected = valuesOf(w).map((x, i) => x - lr * ((grads[i] as number) + decay * x));
    const scalars = sgdScalars({ ...SGD_DEFAULTS, ...params }, true);
    const bound = valuesOf(w).map(
      (param, i) =>
        momentumBound({ param, momentum_buffer: 0 }, grads[i] as number, scalars, 0).param,
    );
    const actual = await download(parameters.view('w'));
    t.expectAccepted('w', actual, { shape: w.shape, data: expected }, { kind: 'within', bound });
  });

weightDecaySuite
  .case('decay-alone')
  .tier('full')
  .covers('triton.training.regularization/pure-decay')
  .desc(
    'Without a gradient, a thousand steps of SGD with lr 0.1 and weight decay 1e-2 leave (1 - 1e-3)^1000 of each weight, within 2 n eps.',
  )
  .control('no decay is added to the gradient', (fault) => fault.host('sgd_step.scalars', noDecay))
  .run(async (t) => {
    const params = { ...SGD_DEFAULTS, lr: 0.1, weight_decay: 1e-2 };
    const steps = 1000;
    const host = normalTensor(t, 1, [257]);
    using param = Tensor.from(t.gpu, host);
    using grad = Tensor.zeros(t.gpu, [257]);
    using momentum_buffer = Tensor.zeros(t.gpu, [257]);
    for (let step = 1; step <= steps; step++)
      stepSgd(t.gpu, { param, grad, momentum_buffer }, params, step);
    const kept = (1 - params.lr * params.weight_decay) ** steps;
    t.metric('decayed', 1 - kept);
    const data = valuesOf(host).map((x) => kept * x);
    const bound = data.map((x) => 2 * steps * EPS * Math.abs(x));
    t.expectAccepted(
      'weights',
      await download(param),
      { shape: [257], data },
      {
        kind: 'within',
        bound,
      },
    );
  });

weightDecaySuite
  .case('decoupled')
  .covers('triton.training.regularization/l2-vs-decoupled')
  .desc(
    'The first step of Adam is lr times the sign of its gradient. Decay that is part of the gradient (L2) only turns signs; decoupled decay takes lr wd w as well: so the two differ.',
  )
  .control('decoupled decay for L2', (fault) =>
    fault.launch('adamw_step.forward', ([gpu, inputs, params, variant]) => [
      gpu,
      inputs,
      { ...params, mode: 'adamw' },
      variant,
    ]),
  )
  .run(async (t) => {
    const shared = {
      lr: 0.01,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weight_decay: 0.5,
      step: 1,
    } as const;
    const size = 256;
    const random = t.random();
    const sign = () => 2 * random.integer(0, 1) - 1;
    // Weights from 1 to 2; every second gradient is smaller than what they decay by, others larger.
    const w = random.fill(size, () => sign() * random.uniform(1, 2));
    const g = Float64Array.from(w, (_, i) => sign() * (i % 2 ? 0.1 : 10));
    const tensor = (data: Float64Array) => Tensor.from(t.gpu, hostTensorFrom('f32', [size], data));
    using param = tensor(w);
    using grad = tensor(g);
    using exp_avg = Tensor.zeros(t.gpu, [size]);
    using exp_avg_sq = Tensor.zeros(t.gpu, [size]);
    const inputs = { param, grad, exp_avg, exp_avg_sq };
    const values = {
      param: { shape: [size], data: await valuesNow(param) },
      grad: { shape: [size], data: await valuesNow(grad) },
      exp_avg: { shape: [size], data: new Float64Array(size) },
      exp_avg_sq: { shape: [size], data: new Float64Array(size) },
    };
    const stepped = async (mode: 'adam' | 'adamw') => {
      const params = { ...shared, mode };
      const outputs = adamwStep.forward(t.gpu, inputs, params);
      const after = await valuesNow(outputs.param);
      for (const output of Object.values(outputs)) output[Symbol.dispose]();
      const { param: accepted } = adamRecord.acceptance(
        values,
        adamRecord.forward(values, params),
        params,
        { depth: () => 1, ieee: t.ieee },
      );
      return { after, bound: accepted?.kind === 'within' ? accepted.bound : undefined };
    };
    const [coupled, decoupled] = [await stepped('adam'), await stepped('adamw')];
    const { lr, weight_decay } = shared;
    const before = values.param.data;
    const turned = (i: number) => {
      const gradient = g[i] as number;
      return Math.sign(gradient) !== Math.sign(gradient + weight_decay * (before[i] as number));
    };
    t.expect(
      before.some((_, i) => turned(i)),
      () => 'the decay turns no sign',
    );
    const expected = before.map(
      (x, i) => lr * (weight_decay * x + (turned(i) ? 2 * Math.sign(g[i] as number) : 0)),
    );
    const difference = coupled.after.map((x, i) => x - (decoupled.after[i] as number));
    const bound = before.map(
      // What eps takes of the sign, of gradients that are no smaller than 0.1.
      (_, i) =>
        (coupled.bound?.[i] ?? 0) + (decoupled.bound?.[i] ?? 0) + (2 * lr * shared.eps) / 0.1,
    );
    t.expectAccepted(
      'L2 less decoupled',
      { shape: [size], data: difference },
      { shape: [size], data: expected },
      { kind: 'within', bound },
    );
  });

const valuesNow = async (tensor: Tensor) => (await download(tensor)).data;
