import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { AdamHyperparameters } from '../../vocabulary/optim/adam.ts';
import { adamwStep as signature } from '../../vocabulary/optim/adamw_step.ts';
import {
  completed,
  type GivenParams,
  type InputsOf,
  type ParamsOf,
} from '../../vocabulary/signature.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { PlausibleBug, Value } from '../record.ts';
import { type AdamElement, adamBound, adamElement, adamScalars } from './adam.ts';

const TORCH = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 1e-2 } as const;

/** Applies `f` to every element and its gradient, and collects the three results. */
export function mapElements(
  { param: p, grad: g, exp_avg: m, exp_avg_sq: v }: InputsOf<typeof signature, Value>,
  f: (before: AdamElement, grad: number) => AdamElement,
): Record<keyof AdamElement, Value> {
  const all = Array.from(p.data, (param, i) =>
    f(
      { param, exp_avg: m.data[i] as number, exp_avg_sq: v.data[i] as number },
      g.data[i] as number,
    ),
  );
  const collect = (name: keyof AdamElement): Value => ({
    shape: p.shape,
    data: Float64Array.from(all, (element) => element[name]),
  });
  return {
    param: collect('param'),
    exp_avg: collect('exp_avg'),
    exp_avg_sq: collect('exp_avg_sq'),
  };
}

type Draw = (random: Random) => {
  readonly param: number;
  readonly grad: number;
  readonly exp_avg: number;
  readonly exp_avg_sq: number;
};

/**
 * Step one: both moments are still 0; a seventh of the gradients is 0 too, as all gradients of
 * LoRA's A are.
 */
const fresh: Draw = (random) => ({
  param: random.normal(),
  grad: random.integer(0, 6) === 0 ? 0 : random.normal(),
  exp_avg: 0,
  exp_avg_sq: 0,
});

/** In the middle of a run, at the size `scale` of the gradients. */
const running =
  (scale: number): Draw =>
  (random) => ({
    param: random.normal(),
    grad: random.normal(scale),
    exp_avg: random.normal(scale / 3),
    exp_avg_sq: random.normal(scale) ** 2,
  });

/**
 * Sizes from where squares vanish to where they almost overflow; a parameter and its gradient are
 * independent.
 */
const extreme: Draw = (random) => {
  const size = () => (random.integer(0, 1) ? 1 : -1) * 10 ** random.integer(-30, 17);
  return { param: size(), grad: size(), exp_avg: size(), exp_avg_sq: size() ** 2 };
};

/**
 * No second moment, a parameter at 0 and a gradient that eps dwarfs: the smallest bound there is,
 * so that small changes show.
 */
const dwarfed: Draw = () => ({ param: 0, grad: 1e-14, exp_avg: 1e-14, exp_avg_sq: 0 });

function sample(
  values: string,
  shape: Shape,
  params: GivenParams<typeof signature>,
  draw: Draw,
): SampleOf<typeof signature> {
  return {
    level: 'legal',
    label: {
      param: formatShape(shape),
      values,
      step: params.step,
      mode: completed(signature, params).mode,
    },
    params,
    inputs: (random) => {
      const drawn = Array.from({ length: sizeOf(shape) }, () => draw(random));
      const tensor = (name: keyof ReturnType<Draw>) =>
        hostTensorFrom(
          'f32',
          shape,
          drawn.map((element) => element[name]),
        );
      return {
        param: tensor('param'),
        grad: tensor('grad'),
        exp_avg: tensor('exp_avg'),
        exp_avg_sq: tensor('exp_avg_sq'),
      };
    },
  };
}

/** One step of torch.optim.AdamW or, with mode adam, of torch.optim.Adam. */
export const record = defineRecord(signature, {
  summary: 'one step of AdamW or Adam on a flat parameter',
  forward: (inputs, params) => {
    const scalars = adamScalars(params, params.step);
    return mapElements(inputs, (before, grad) => adamElement(before, grad, scalars));
  },
  acceptance: (inputs, _outputs, params) => {
    const scalars = adamScalars(params, params.step);
    const none = { exp_avg: 0, exp_avg_sq: 0 };
    const bounds = mapElements(inputs, (before, grad) => adamBound(before, grad, scalars, none));
    return {
      param: { kind: 'within', bound: bounds.param.data },
      exp_avg: { kind: 'within', bound: bounds.exp_avg.data },
      exp_avg_sq: { kind: 'within', bound: bounds.exp_avg_sq.data },
    };
  },
  samples: [
    sample('fresh', [1], { ...TORCH, step: 1 }, fresh),
    sample('fresh', [5, 7], { ...TORCH, step: 1 }, fresh),
    sample('running', [1027], { ...TORCH, step: 7 }, running(1)),
    sample('running', [1027], { ...TORCH, step: 7, mode: 'adam' }, running(1)),
    // Whole workgroups without an invocation to spare.
    sample('running', [256], { ...TORCH, step: 7 }, running(1)),
    sample('small', [19, 33], { ...TORCH, lr: 0.1, weight_decay: 0.5, step: 3 }, running(1e-7)),
    sample('small', [35], { ...TORCH, lr: 0.1, step: 3, bias_correction: false }, running(1e-7)),
    sample('extreme', [2050], { ...TORCH, lr: 0.1, step: 2 }, extreme),
    sample('dwarfed', [6], { ...TORCH, lr: 0.1, step: 1000 }, dwarfed),
  ],
  faults: [
    {
      name: 'step taken uphill',
      shader: { file: 'optim/adamw_step', from: '- step.size', to: '+ step.size' },
    },
  ],
  plausibleBugs: [
    ...wrongAdam<ParamsOf<typeof signature>, InputsOf<typeof signature, Value>>(),
    paramsBug('lr wrong by 2e-5', (p) => ({ ...p, lr: p.lr * (1 + 2e-5) })),
    paramsBug('eps before the bias correction', (p) => ({
      ...p,
      eps: p.eps / Math.sqrt(1 - p.betas[1] ** p.step),
    })),
    paramsBug('step counted from 0', (p) => ({ ...p, step: p.step + 1 })),
    // (p - delta) * decay: the decay of p is the same, delta shrinks by it.
    paramsBug('decay after the step', (p) => {
      const lr = p.lr * (1 - p.lr * p.weight_decay);
      return { ...p, lr, weight_decay: (p.lr * p.weight_decay) / lr };
    }),
    inputBug('gradient negated', 'grad', (x) => -x),
    inputBug('gradient wrong by 2e-5', 'grad', (x) => x * (1 + 2e-5)),
    inputBug('parameter wrong by 2e-5', 'param', (x) => x * (1 + 2e-5)),
  ],
});

/** Mistakes in hyperparameters and moments, wherever the steps are counted. */
export function wrongAdam<
  P extends AdamHyperparameters,
  I extends Readonly<Record<'exp_avg' | 'exp_avg_sq', Value>>,
>(): readonly PlausibleBug<P, I>[] {
  return [
    paramsBug('beta1 0.8 for 0.9', (p) => ({ ...p, betas: [0.8, p.betas[1]] })),
    paramsBug('beta2 0.99 for 0.999', (p) => ({ ...p, betas: [p.betas[0], 0.99] })),
    paramsBug('eps 1e-7 for 1e-8', (p) => ({ ...p, eps: 10 * p.eps })),
    paramsBug('no bias correction', (p) => ({
      ...p,
      bias_correction: !p.bias_correction,
    })),
    paramsBug('no weight decay', (p) => ({ ...p, weight_decay: 0 })),
    paramsBug('weight decay 2e-2 for 1e-2', (p) => ({ ...p, weight_decay: 2 * p.weight_decay })),
    paramsBug('Adam for AdamW', (p) => ({ ...p, mode: p.mode === 'adam' ? 'adamw' : 'adam' })),
    inputBug('second moment of one step before', 'exp_avg_sq', (x) => x * 0.999),
    inputBug('first moment dropped', 'exp_avg', () => 0),
  ];
}
