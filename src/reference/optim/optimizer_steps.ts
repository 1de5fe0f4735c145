import { InvariantError } from '../../errors.ts';
import { filledTensor, type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { optimizerSteps as signature } from '../../vocabulary/optim/optimizer_steps.ts';
import type { InputsOf, OutputsOf } from '../../vocabulary/signature.ts';
import { EPS } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Value } from '../record.ts';
import { foreseenSteps } from './optimizer_steps.steps.ts';
import type { OptimizerParams } from './optimizers.ts';
import type { Parameter, ParameterRule } from './parameter-rule.ts';
import { JUDGED, parameterRuleOf } from './parameter-rule-of.ts';
import { TAKEN_TWICE } from './taken-twice.ts';

type Inputs = InputsOf<typeof signature, Value>;

/**
 * What is compared, and the parameter before each step; what a party had after each, where it was
 * judged from its own.
 */
type Walked = OutputsOf<typeof signature, Value> & {
  readonly previous?: Value;
  readonly followed?: Value;
};

/** The rule of a call. */
export const ruleFor = (params: OptimizerParams, inputs: Inputs): ParameterRule =>
  parameterRuleOf(params, inputs.param.shape, inputs['state.momentum_buffer'] !== undefined);

/**
 * Walks through all steps. The parameter before step t is what `visit` gave for step t - 1; what the
 * optimizer keeps is accumulated in float64. `visit` is called with the parameter before the step,
 * its gradient, and where the step begins among all elements. Returns what the last visit gave.
 */
export function walk(
  { param, grads, ...inputs }: Inputs,
  { state, storage }: Pick<ParameterRule, 'state' | 'storage'>,
  visit: (before: Parameter, grad: Float64Array, step: number, start: number) => Parameter,
): Parameter {
  const n = param.data.length;
  const zeros = (name: string) => new Float64Array(sizeOf(storage?.[name]?.shape ?? param.shape));
  let parameter: Parameter = {
    param: param.data,
    ...Object.fromEntries(
      state.map((name) => [name, inputs[`state.${name}`]?.data ?? zeros(name)]),
    ),
  };
  for (let t = 1; t * n <= grads.data.length && n > 0; t++) {
    const start = (t - 1) * n;
    parameter = visit(parameter, grads.data.subarray(start, start + n), t, start);
  }
  return parameter;
}

/**
 * Outputs, with the parameter before each step as `previous`. From `followed` comes where each later
 * step starts, if it is given.
 */
function trajectoryOf(inputs: Inputs, params: OptimizerParams, followed?: Value): Walked {
  const { param, grads } = inputs;
  const n = param.data.length;
  const rule = ruleFor(params, inputs);
  const after = new Float64Array(grads.data.length);
  const previous = new Float64Array(grads.data.length);
  const last = walk(inputs, rule, (before, grad, step, start) => {
    const next = rule.step(before, grad, step);
    previous.set(before['param'] as Float64Array, start);
    after.set(next['param'] as Float64Array, start);
    return followed ? { ...next, param: followed.data.slice(start, start + n) } : next;
  });
  return {
    trajectory: { shape: grads.shape, data: after },
    previous: { shape: grads.shape, data: previous },
    ...(followed && { followed }),
    ...stateOf(rule, param, last),
    ...countedOf(rule, inputs, (x) => ({ shape: [1], data: Float64Array.of(x) })),
  };
}

/** What is kept, by the names that it has in bundles. */
export function stateOf(
  { state, storage }: Pick<ParameterRule, 'state' | 'storage'>,
  { shape }: Value,
  parameter: Parameter,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    state.map((name) => [
      `state.${name}`,
      { shape: storage?.[name]?.shape ?? shape, data: parameter[name] as Float64Array },
    ]),
  );
}

/** What follows from the number of steps, as `of` makes it. */
export function countedOf<T>(
  { counted }: Pick<ParameterRule, 'counted'>,
  { param, grads }: Inputs,
  of: (x: number) => T,
): Readonly<Record<string, T>> {
  const numbers = counted?.(grads.data.length / param.data.length) ?? {};
  return Object.fromEntries(
    Object.entries(numbers).map(([name, x]) => [`state.${name}`, of(x)] as const),
  );
}

/**
 * What the optimizer keeps is never given again after step one, so its errors add up over the
 * steps. A step of a library that keeps in bfloat16 what stands between is held to just that where
 * all of it agrees, or where as a whole it can be none of such a library; else to how long a step of
 * such a library can be.
 */
function acceptancesOf(
  inputs: Inputs,
  { trajectory, previous, followed }: Walked,
  params: OptimizerParams,
  arithmetic: Arithmetic,
): Readonly<Record<string, Acceptance>> {
  if (!previous) throw new InvariantError('no parameter before each step was kept');
  const rule = ruleFor(params, inputs);
  const n = inputs.param.data.length;
  const bound = new Float64Array(previous.data.length);
  const agreed = rule.library && arithmetic.otherFormulas ? trajectory.data.slice() : undefined;
  const zeros = new Float64Array(n);
  let carried: Parameter = Object.fromEntries(rule.state.map((name) => [name, zeros]));
  const unforeseen: number[] = [];
  const { halves } = arithmetic;
  walk(inputs, rule, (state, grad, step, start) => {
    const before = { ...state, param: previous.data.subarray(start, start + n) };
    const error = rule.bound(before, grad, step, carried, arithmetic);
    const library = agreed && rule.library?.(before, grad, carried, arithmetic);
    carried = error;
    bound.set(error['param'] as Float64Array, start);
    if (agreed && library) {
      const own = followed?.data.subarray(start, start + n);
      const isSo =
        !halves &&
        library.param.every(
          (y, i) => Math.abs(y - (own?.[i] ?? Number.NaN)) <= (library.error[i] as number),
        );
      if (isSo || (own && !library.isPossible(own))) {
        agreed.set(library.param, start);
        bound.set(library.error, start);
      } else {
        bound.set(library.farthest, start);
        unforeseen.push(step);
      }
    }
    return rule.step(before, grad, step);
  });
  const within = (data: Float64Array) =>
    ({ kind: 'within', bound: data, ...(halves ? { computedIn: halves } : {}) }) as const;
  const accepted = rule.accepts?.(carried);
  return {
    ...Object.fromEntries(
      rule.state.map((name) => [
        `state.${name}`,
        accepted?.[name] ?? within(carried[name] as Float64Array),
      ]),
    ),
    // A library multiplies once more at each step.
    ...countedOf(rule, inputs, (x) =>
      within(Float64Array.of((EPS * Math.abs(x) * previous.data.length) / n)),
    ),
    trajectory: {
      ...within(bound),
      ...(unforeseen.length > 0 && {
        loose: `steps ${unforeseen.join(', ')} are not those of sums that are rounded once to bfloat16; of an element of others only its size is known`,
      }),
      ...(agreed && { nearest: (i) => agreed[i] as number }),
    },
  };
}

/** What is never negative. */
const SQUARES = new Set<string>(['exp_avg_sq', 'max_exp_avg_sq', 'square_avg', 'acc_delta']);

function sample(
  shape: Shape,
  steps: number,
  params: OptimizerParams,
  draw: (random: Random) => number,
  withState = false,
): SampleOf<typeof signature> {
  return {
    level: 'legal',
    label: {
      param: formatShape(shape),
      steps,
      optimizer: params.optimizer,
      ...optionsIn(params),
      ...(params.state_rounding && { rounding: params.state_rounding }),
      ...(withState ? { state: true } : {}),
    },
    params,
    inputs: (random) => {
      const tensor = (of: Shape, f: () => number) => filledTensor('f32', of, f);
      return {
        param: tensor(shape, () => random.normal()),
        grads: tensor([steps, ...shape], () => draw(random)),
        ...(withState ? stateFor(params, shape, random, draw) : {}),
      };
    },
  };
}

/** What the optimizer may keep in the middle of a run; codes are any, with scales of that size. */
function stateFor(
  params: OptimizerParams,
  shape: Shape,
  random: Random,
  draw: (random: Random) => number,
): Readonly<Record<string, HostTensor>> {
  const { state, storage } = parameterRuleOf(params, shape);
  const tensors = state.map((name) => {
    const kept = storage?.[name];
    const size = sizeOf(kept?.shape ?? shape);
    const values = random.fill(size, () => {
      if (kept?.dtype === 'u8') return random.integer(0, 255);
      return kept || SQUARES.has(name) ? draw(random) ** 2 : draw(random) / 3;
    });
    return [`state.${name}`, hostTensorFrom(kept?.dtype ?? 'f32', kept?.shape ?? shape, values)];
  });
  return Object.fromEntries(tensors);
}

/** Options that are on, for a label. */
function optionsIn(params: OptimizerParams): Readonly<Record<string, true>> {
  const { amsgrad, maximize, centered, decoupled_weight_decay, decay_after_step } = params;
  return Object.fromEntries(
    Object.entries({
      ...{ amsgrad, maximize, centered, decoupled_weight_decay, decay_after_step },
    }).flatMap(([name, on]) => (on ? [[name, true as const]] : [])),
  );
}

/** 8-bit AdamW whose smallest parameters have codes too, in small blocks. */
const IN_8BIT = {
  ...({ optimizer: 'adamw8bit', lr: 0.1, weight_decay: 0.1 } as const),
  ...{ blocksize: 32, min_8bit_size: 0 },
};

const normal = (random: Random): number => random.normal();
/** A third of the gradients is 0, and small ones let eps show. */
const sparse = (random: Random): number => (random.integer(0, 2) === 0 ? 0 : random.normal(1e-7));

/**
 * Steps of torch's optimizers and of ONNX's Momentum and Adagrad, each judged from the
 * party's own step before.
 */
export const record = defineRecord(signature, {
  summary: 'a parameter after each of several steps of an optimizer',
  unsupported: (_inputs, { optimizer }) =>
    JUDGED.includes(optimizer) ? undefined : `the optimizer ${optimizer}`,
  forward: (inputs, params) => trajectoryOf(inputs, params),
  forwardFrom: (inputs, actual, params) => trajectoryOf(inputs, params, actual['trajectory']),
  foreseen: (steps, inputs, params, _grads, actual) =>
    foreseenSteps(steps, inputs, params, actual?.['trajectory']),
  acceptance: (inputs, outputs: Walked, params, arithmetic) =>
    acceptancesOf(inputs, outputs, params, arithmetic),
  samples: [
    sample([1], 1, { optimizer: 'adamw' }, normal),
    sample([9, 37], 10, { optimizer: 'adamw', lr: 0.01, weight_decay: 0.1 }, normal),
    sample([130], 5, { optimizer: 'adam', lr: 0.01, weight_decay: 0.1 }, normal),
    sample([7, 5], 4, { optimizer: 'adamw', lr: 0.1, weight_decay: 0.5 }, sparse),
    sample([33], 3, { optimizer: 'adamw', lr: 0.1, eps: 1e-6 }, normal, true),
    sample(
      [5, 13],
      4,
      { optimizer: 'sgd', lr: 0.1, momentum: 0.9, dampening: 0.25, weight_decay: 0.1 },
      normal,
    ),
    sample(
      [129],
      3,
      { optimizer: 'sgd', lr: 0.1, momentum: 0.8, nesterov: true, weight_decay: 0.1 },
      normal,
      true,
    ),
    sample([6], 3, { optimizer: 'sgd', lr: 0.1, weight_decay: 0.5 }, normal),
    sample(
      [7],
      3,
      {
        optimizer: 'momentum',
        R: 0.1,
        T: 0,
        alpha: 0.95,
        beta: 0.7,
        norm_coefficient: 0.01,
        mode: 'standard',
      },
      normal,
      true,
    ),
    sample(
      [2, 3],
      2,
      {
        optimizer: 'momentum',
        R: 0.1,
        T: 3,
        alpha: 0.95,
        beta: 0.85,
        norm_coefficient: 0,
        mode: 'nesterov',
      },
      normal,
      true,
    ),
    sample(
      [1, 3],
      3,
      {
        optimizer: 'adagrad',
        R: 0.1,
        T: 2,
        decay_factor: 0.1,
        epsilon: 0.01,
        norm_coefficient: 0.1,
      },
      normal,
      true,
    ),
    sample(
      [512],
      2,
      { optimizer: 'adagrad', R: 0.1, T: 0, decay_factor: 0.1, epsilon: 1e-6, norm_coefficient: 0 },
      sparse,
    ),
    // A tail of three behind the last whole vector.
    sample(
      [7],
      1,
      { optimizer: 'adagrad', R: 0.1, T: 1, decay_factor: 0.1, norm_coefficient: 0.1 },
      normal,
    ),
    // Whole workgroups, and a vector of one element in another.
    sample(
      [517],
      4,
      { optimizer: 'adadelta', lr: 0.5, rho: 0.8, eps: 1e-3, weight_decay: 0.1 },
      normal,
      true,
    ),
    sample(
      [3],
      4,
      { optimizer: 'rmsprop', lr: 0.1, alpha: 0.9, momentum: 0.8, weight_decay: 0.1 },
      normal,
      true,
    ),
    sample(
      [130],
      4,
      { optimizer: 'rmsprop', alpha: 0.75, eps: 1e-3, momentum: 0.5, centered: true },
      normal,
    ),
    sample(
      [517],
      4,
      { optimizer: 'nadam', lr: 0.1, betas: [0.8, 0.9], weight_decay: 0.1, momentum_decay: 0.5 },
      normal,
      true,
    ),
    sample(
      [517],
      6,
      { optimizer: 'radam', lr: 0.1, betas: [0.8, 0.9], weight_decay: 0.1, eps: 1e-3 },
      normal,
      true,
    ),
    sample(
      [517],
      3,
      { optimizer: 'adam', amsgrad: true, lr: 0.1, weight_decay: 0.1, eps: 1e-3 },
      normal,
      true,
    ),
    // Fewer than the first vector has.
    sample([3], 2, { optimizer: 'adadelta' }, normal),
    sample([3], 2, { optimizer: 'radam', lr: 0.1 }, normal),
    sample([3], 2, { optimizer: 'adamw', amsgrad: true, betas: [0.5, 0.5] }, normal),
    sample([7], 2, { optimizer: 'sgd', lr: 0.1, weight_decay: 0.5, maximize: true }, normal),
    sample([2, 3], 3, { optimizer: 'muon', lr: 0.1 }, normal, true),
    // Tall and wide, where each product has more elements than a workgroup.
    sample(
      [14, 9],
      2,
      { optimizer: 'muon', lr: 0.1, nesterov: false, momentum: 0.5 },
      normal,
      true,
    ),
    sample(
      [9, 14],
      2,
      { optimizer: 'muon', lr: 0.1, weight_decay: 0.5, adjust_lr_fn: 'match_rms_adamw' },
      normal,
    ),
    sample(
      [4, 1],
      2,
      {
        ...{ optimizer: 'muon', lr: 0.1, adjust_lr_fn: 'spectral_unclamped' },
        ...{ ns_coefficients: [2, -1.5, 0.5], ns_steps: 2 },
      },
      normal,
    ),
    // Two whole blocks and one of a single element.
    sample([5, 13], 3, { ...IN_8BIT, state_rounding: 'lut16' }, normal),
    // Of this length at least a matrix is taken to be.
    sample([3, 5], 2, { optimizer: 'muon', lr: 0.1, eps: 7, ns_steps: 1 }, normal),
    ...[
      sample(
        [9, 37],
        4,
        { ...IN_8BIT, state_rounding: 'nearest', decay_after_step: true },
        normal,
        true,
      ),
      sample([41, 101], 2, { optimizer: 'adamw8bit', lr: 0.01, weight_decay: 0.1 }, sparse),
      // Small enough to stay floats.
      sample([130], 3, { optimizer: 'adamw8bit', lr: 0.1, decay_after_step: true }, normal, true),
      sample([5, 7], 3, { optimizer: 'adadelta' }, normal),
      sample([130], 3, { optimizer: 'adadelta', rho: 0.6, maximize: true }, sparse),
      sample([5, 7], 3, { optimizer: 'rmsprop' }, normal),
      sample([7], 3, { optimizer: 'rmsprop', lr: 0.1, centered: true, maximize: true }, sparse),
      sample([5, 7], 3, { optimizer: 'nadam', betas: [0.95, 0.999] }, normal),
      sample(
        [130],
        3,
        { optimizer: 'nadam', lr: 0.1, weight_decay: 0.5, decoupled_weight_decay: true },
        sparse,
      ),
      sample([7], 1, { optimizer: 'nadam', betas: [0.95, 0.9], eps: 1e-3, maximize: true }, normal),
      // With this beta2 the average is long enough from the fourth step on, with 0.999 from the sixth.
      sample([5, 7], 7, { optimizer: 'radam' }, normal),
      sample(
        [130],
        7,
        { optimizer: 'radam', lr: 0.1, weight_decay: 0.5, decoupled_weight_decay: true },
        sparse,
      ),
      sample([7], 6, { optimizer: 'radam', lr: 0.1, maximize: true }, normal),
      sample([5, 7], 4, { optimizer: 'adamw', amsgrad: true, betas: [0.5, 0.5] }, normal),
      sample([130], 3, { optimizer: 'adam', amsgrad: true, maximize: true }, sparse),
      sample([1, 1], 2, { optimizer: 'muon', lr: 0.1 }, normal),
      sample([5, 5], 3, { optimizer: 'muon', lr: 0.1 }, sparse),
      sample([21, 37], 2, { optimizer: 'muon', momentum: 0 }, normal),
    ].map((one) => ({ ...one, tier: 'full' as const })),
  ],
  faults: [{ name: 'every step taken twice', host: TAKEN_TWICE }],
  plausibleBugs: [
    paramsBug('lr wrong by a part in a thousand', (p) => ({ ...p, lr: (p.lr ?? 1e-3) * 1.001 })),
    paramsBug('beta1 0.8 for 0.9', (p) => ({ ...p, betas: [0.8, 0.999] })),
    paramsBug('beta2 0.99 for 0.999', (p) => ({ ...p, betas: [0.9, 0.99] })),
    paramsBug('eps ten times too large', (p) => ({ ...p, eps: 10 * (p.eps ?? 1e-8) })),
    paramsBug('no bias correction', (p) => ({ ...p, bias_correction: false })),
    paramsBug('no weight decay', (p) => ({ ...p, weight_decay: 0 })),
    paramsBug('Adam for AdamW', (p) => ({
      ...p,
      ...(p.optimizer.startsWith('adam')
        ? { optimizer: p.optimizer === 'adam' ? 'adamw' : 'adam' }
        : {}),
    })),
    paramsBug('SGD without momentum', ({ momentum: _, ...p }) => p),
    paramsBug('no dampening', ({ dampening: _, ...p }) => p),
    paramsBug("momentum without Nesterov's step", ({ nesterov: _, ...p }) => p),
    paramsBug("the other mode of ONNX's momentum", (p) => ({
      ...p,
      ...(p.mode ? { mode: otherMode(p.mode) } : {}),
    })),
    paramsBug('R wrong by a part in a thousand', (p) => ({
      ...p,
      ...(p.R ? { R: p.R * 1.001 } : {}),
    })),
    paramsBug('updates counted from one more', (p) => ({
      ...p,
      ...(p.T === undefined ? {} : { T: p.T + 1 }),
    })),
    paramsBug('no decay of the rate', ({ decay_factor: _, ...p }) => p),
    paramsBug('epsilon ten times too large', (p) => ({
      ...p,
      ...(p.epsilon ? { epsilon: 10 * p.epsilon } : {}),
    })),
    paramsBug('no norm coefficient', ({ norm_coefficient: _, ...p }) => p),
    paramsBug('alpha and beta swapped', ({ alpha, beta, ...p }) => ({
      ...p,
      ...(beta === undefined ? {} : { alpha: beta }),
      ...(alpha === undefined ? {} : { beta: alpha }),
    })),
    paramsBug('rho wrong by a part in a thousand', (p) => ({ ...p, rho: (p.rho ?? 0.9) * 1.001 })),
    paramsBug('alpha wrong by a part in a thousand', (p) => ({
      ...p,
      alpha: (p.alpha ?? 0.99) * 1.001,
    })),
    paramsBug('not centered', ({ centered: _, ...p }) => p),
    paramsBug('momentum_decay ten times too large', (p) => ({
      ...p,
      momentum_decay: 10 * (p.momentum_decay ?? 4e-3),
    })),
    paramsBug(
      'the decay of the weights in the gradient',
      ({ decoupled_weight_decay: _, ...p }) => p,
    ),
    paramsBug('the decay on the other side of the step', (p) => ({
      ...p,
      ...(p.optimizer === 'adamw8bit' ? { decay_after_step: !p.decay_after_step } : {}),
    })),
    paramsBug('blocks of twice the size', (p) => ({ ...p, blocksize: 2 * (p.blocksize ?? 256) })),
    paramsBug('moments of all parameters as floats', (p) => ({
      ...p,
      ...(p.optimizer === 'adamw8bit' ? { min_8bit_size: 2 ** 30 } : {}),
    })),
    paramsBug('the other rounding of moments', (p) => ({
      ...p,
      ...(p.optimizer === 'adamw8bit'
        ? { state_rounding: p.state_rounding === 'nearest' ? 'lut16' : 'nearest' }
        : {}),
    })),
    paramsBug('no amsgrad', ({ amsgrad: _, ...p }) => p),
    paramsBug('downhill for uphill', ({ maximize: _, ...p }) => p),
    paramsBug('NAdam and RAdam swapped', (p) => ({
      ...p,
      ...(p.optimizer === 'nadam' ? { optimizer: 'radam' } : {}),
      ...(p.optimizer === 'radam' ? { optimizer: 'nadam' } : {}),
    })),
    paramsBug('one step of Newton and Schulz less', (p) => ({
      ...p,
      ns_steps: (p.ns_steps ?? 5) - 1,
    })),
    paramsBug('the coefficients of a cubic', (p) => ({ ...p, ns_coefficients: [1.5, -0.5, 0] })),
    paramsBug('a coefficient wrong by a part in a hundred', (p) => {
      const [a, b, c] = p.ns_coefficients ?? [3.4445, -4.775, 2.0315];
      return { ...p, ns_coefficients: [a, b, c * 1.01] };
    }),
    paramsBug("Nesterov's step for another, and the other way round", (p) => ({
      ...p,
      nesterov: !(p.nesterov ?? p.optimizer === 'muon'),
    })),
    paramsBug('the rate as it is', (p) => ({ ...p, adjust_lr_fn: 'original' })),
    paramsBug('the rate of AdamW', (p) => ({ ...p, adjust_lr_fn: 'match_rms_adamw' })),
    inputBug('parameter wrong by 2e-5', 'param', (x) => x * (1 + 2e-5)),
    inputBug('gradients wrong by 2e-5', 'grads', (x) => x * (1 + 2e-5)),
    inputBug('gradients negated', 'grads', (x) => -x),
    paramsBug('moments not kept between steps', (params) => ({ ...params, betas: [0, 0] })),
    {
      name: 'state of before ignored',
      apply: ({ param, grads }, params) => ({ inputs: { param, grads }, params }),
    },
  ],
});

const otherMode = (mode: 'standard' | 'nesterov') =>
  mode === 'standard' ? 'nesterov' : 'standard';
