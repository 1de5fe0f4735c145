import { adamDefaults } from '../../../vocabulary/optim/adam.ts';
import { onnxHyperparameters } from '../../../vocabulary/optim/onnx.ts';
import { TORCH_DEFAULTS } from '../../../vocabulary/optim/torch-defaults.ts';
import { HALF_EPS } from '../../bounds.ts';
import type { Range } from '../../foreseen.ts';
import { nadamFactors } from './nadam.ts';
import { rectifierOf } from './radam.ts';
import { at, type Known, type Made, type StoredElement } from './stored-known.ts';

/** Both moments after a gradient, as they are before they are stored. */
function momentsOf(
  { average, squares }: Known,
  [beta1, beta2]: readonly [number, number],
  before: StoredElement,
  g: Range,
) {
  return {
    exp_avg: average(at(before, 'exp_avg'), 1 - beta1, g),
    exp_avg_sq: squares(at(before, 'exp_avg_sq'), beta2, g),
  };
}

/** The parameter after the decay that is decoupled from the gradient. */
const decayed = ({ times }: Known, param: Range, rate: number): Range =>
  rate === 0 ? param : times(1 - rate, param);

/** param.addcdiv_(x, denominator, value=-rate), before it is stored. */
const movedBy = ({ steps }: Known, param: Range, rate: Range, x: Range, denominator: Range) =>
  steps.sub(param, steps.div(steps.mul(rate, x), denominator));

/** Adam and AdamW. */
export const adam: Made = (known, params) => {
  const { steps, between, scalar, factor } = known;
  const mode = params.optimizer === 'adamw' ? 'adamw' : 'adam';
  const { lr, betas, eps, weight_decay } = { ...adamDefaults(mode), ...params };
  const { div, add, root } = steps;
  return (before, g, { step }) => {
    const { exp_avg, exp_avg_sq } = momentsOf(known, betas, before, g);
    const old = before['max_exp_avg_sq'];
    const largest =
      params.amsgrad && old
        ? { low: Math.max(old.low, exp_avg_sq.low), high: Math.max(old.high, exp_avg_sq.high) }
        : undefined;
    const corrected = div(
      between(root(largest ?? exp_avg_sq)),
      scalar(Math.sqrt(1 - betas[1] ** step)),
    );
    const denominator = between(add(between(corrected), factor(eps)));
    const param = decayed(known, at(before, 'param'), mode === 'adamw' ? lr * weight_decay : 0);
    const rate = scalar(lr / (1 - betas[0] ** step));
    return {
      exp_avg,
      exp_avg_sq,
      ...(largest && { max_exp_avg_sq: largest }),
      param: movedBy(known, param, rate, exp_avg, denominator),
    };
  };
};

/** NAdam. */
export const nadam: Made = (known, params) => {
  const { steps, way, between, scalar, factor } = known;
  const given = { ...TORCH_DEFAULTS.nadam, ...params };
  const { lr, betas, eps, weight_decay, decoupled_weight_decay } = given;
  const { stored, div, add, root } = steps;
  const { factorsAt } = nadamFactors(given);
  return (before, g, { step }) => {
    const { exp_avg, exp_avg_sq } = momentsOf(known, betas, before, g);
    const correction = 1 - betas[1] ** step;
    const corrected =
      way === 'forloop'
        ? root(between(div(exp_avg_sq, scalar(correction))))
        : div(between(root(exp_avg_sq)), scalar(Math.sqrt(correction)));
    const denominator = between(add(between(corrected), factor(eps)));
    const { direct, ahead } = factorsAt(step);
    const param = decayed(
      known,
      at(before, 'param'),
      decoupled_weight_decay ? lr * weight_decay : 0,
    );
    const half = stored(movedBy(known, param, afterProduct(direct, step), g, denominator));
    return {
      exp_avg,
      exp_avg_sq,
      param: movedBy(known, half, afterProduct(ahead, step), exp_avg, denominator),
    };
  };
};

/** A factor that torch computes from a product over the steps, kept in float32. */
function afterProduct(x: number, steps: number): Range {
  const off = (steps + 2) * HALF_EPS * Math.abs(x);
  return { low: x - off, high: x + off };
}

/** RAdam. */
export const radam: Made = (known, params) => {
  const { steps, way, between, scalar, times, factor, added } = known;
  const { lr, betas, eps, weight_decay, decoupled_weight_decay } = {
    ...TORCH_DEFAULTS.radam,
    ...params,
  };
  const { exactly, add, sub, mul, div, root } = steps;
  const one = exactly(1);
  return (before, g, { step }) => {
    const { exp_avg, exp_avg_sq } = momentsOf(known, betas, before, g);
    const correction1 = 1 - betas[0] ** step;
    const correction2 = Math.sqrt(1 - betas[1] ** step);
    const rectifier = rectifierOf(betas[1], step);
    const param = decayed(
      known,
      at(before, 'param'),
      decoupled_weight_decay ? lr * weight_decay : 0,
    );
    const denominator = between(add(between(root(exp_avg_sq)), factor(eps)));
    const together = () => {
      const rate = -lr / correction1;
      const rectified = rectifier > 0 ? scalar(rectifier * rate) : exactly(-0);
      const along = between(div(one, between(div(denominator, rectified))));
      const plain = rectifier > 0 ? along : between(add(along, factor(rate)));
      return add(param, mul(exp_avg, plain));
    };
    const apart = () => {
      const plain = times(lr, between(div(exp_avg, scalar(correction1))));
      if (rectifier === 0) return sub(param, plain);
      const adaptive = times(correction2, between(div(one, denominator)));
      const along = times(rectifier / correction2, between(mul(plain, adaptive)));
      return added(param, -1, along);
    };
    return {
      exp_avg,
      exp_avg_sq,
      param: way === 'foreach' ? together() : apart(),
    };
  };
};

/** Adagrad, by ONNX's names. */
export const adagrad: Made = (known, params) => {
  const { steps, way, between, scalar, times, factor } = known;
  const { lr, T, decay_factor, epsilon, norm_coefficient } = onnxHyperparameters(params);
  const { add, sub, mul, div, root } = steps;
  return (before, g, { step }) => {
    const sum = between(add(at(before, 'exp_avg_sq'), mul(g, g)));
    const denominator = between(add(between(root(sum)), factor(epsilon)));
    const rate = lr / (1 + (T + step - 1) * decay_factor);
    const param = at(before, 'param');
    // A gradient that the decay made anew is multiplied in place, where foreach rounds the factor.
    const numerator = () =>
      norm_coefficient === 0 ? between(mul(scalar(rate), g)) : times(rate, g);
    return {
      exp_avg_sq: sum,
      param:
        way === 'foreach'
          ? sub(param, div(numerator(), denominator))
          : movedBy(known, param, scalar(rate), g, denominator),
    };
  };
};
