import { SGD_DEFAULTS } from '../../../vocabulary/optim/sgd.ts';
import { TORCH_DEFAULTS } from '../../../vocabulary/optim/torch-defaults.ts';
import type { Range, Steps } from '../../foreseen.ts';
import { adagrad, adam, nadam, radam } from './stored-adaptive.ts';
import { at, knownOf, type Made, type Params, type StoredMove, type Way } from './stored-known.ts';

/**
 * A step of torch's optimizers of parameters in halves, operation by operation of its source;
 * undefined of those that are not known.
 */
export function storedMove(steps: Steps, params: Params, way: Way): StoredMove | undefined {
  const move = MOVES[params.optimizer];
  if (!move) return undefined;
  const { neg } = steps;
  const known = knownOf(steps, way);
  const made = move(known, params);
  const l2 = l2Of(params);
  return (before, grad, turn) => {
    const uphill = params.maximize ? neg(grad) : grad;
    const decayed = l2 ? known.between(known.added(uphill, l2, at(before, 'param'))) : uphill;
    const after = Object.entries(made(before, decayed, turn));
    return Object.fromEntries(after.map(([name, x]) => [name, steps.stored(x)]));
  };
}

/** The L2 term: of Adam's kind where the decay is not decoupled. */
function l2Of(params: Params): number {
  const { optimizer, weight_decay = 0, norm_coefficient } = params;
  if (optimizer === 'adagrad') return norm_coefficient ?? 0;
  const isDecoupled =
    optimizer === 'adamw' || ('decoupled_weight_decay' in params && params.decoupled_weight_decay);
  return isDecoupled ? 0 : weight_decay;
}

const sgd: Made = ({ between, times, added }, params) => {
  const { lr, momentum, dampening, nesterov } = { ...SGD_DEFAULTS, ...params };
  return (before, g, { isFirst }) => {
    const old = times(momentum, at(before, 'momentum_buffer'));
    const buffer = isFirst ? g : between(added(old, 1 - dampening, g));
    const ahead = nesterov ? between(added(g, momentum, buffer)) : buffer;
    const along = momentum === 0 ? g : ahead;
    return {
      ...(momentum !== 0 && { momentum_buffer: buffer }),
      param: added(at(before, 'param'), -lr, along),
    };
  };
};

const adadelta: Made = (known, params) => {
  const { steps, between, factor, added, squares } = known;
  const { lr, rho, eps } = { ...TORCH_DEFAULTS.adadelta, ...params };
  const { add, mul, div, root } = steps;
  return (before, g) => {
    const square_avg = squares(at(before, 'square_avg'), rho, g);
    const rootOf = (x: Range) => between(root(between(add(x, factor(eps)))));
    const ratio = between(div(rootOf(at(before, 'acc_delta')), rootOf(square_avg)));
    const delta = between(mul(ratio, g));
    return {
      square_avg,
      acc_delta: squares(at(before, 'acc_delta'), rho, delta),
      param: added(at(before, 'param'), -lr, delta),
    };
  };
};

const rmsprop: Made = (known, params) => {
  const { steps, between, scalar, times, factor, added, squares, average } = known;
  const { lr, alpha, eps, momentum, centered } = { ...TORCH_DEFAULTS.rmsprop, ...params };
  const { stored, add, sub, mul, div, neg, root } = steps;
  return (before, g) => {
    const square_avg = squares(at(before, 'square_avg'), alpha, g);
    const grad_avg = centered ? average(at(before, 'grad_avg'), 1 - alpha, g) : undefined;
    const variance = grad_avg ? between(sub(square_avg, mul(grad_avg, grad_avg))) : square_avg;
    const own = div(g, between(add(between(root(variance)), factor(eps))));
    const old = times(momentum, before['momentum_buffer'] ?? scalar(0));
    const buffer = momentum > 0 ? stored(add(old, own)) : undefined;
    const param = at(before, 'param');
    return {
      square_avg,
      ...(grad_avg && { grad_avg }),
      ...(buffer && { momentum_buffer: buffer }),
      param: buffer ? added(param, -lr, buffer) : add(param, mul(neg(scalar(lr)), own)),
    };
  };
};

const MOVES: Readonly<Record<string, Made>> = {
  ...{ adam, adamw: adam, nadam, radam, adagrad },
  ...{ sgd, adadelta, rmsprop },
};
