import { adamDefaults } from '../../../vocabulary/optim/adam.ts';
import type { optimizerSteps } from '../../../vocabulary/optim/optimizer_steps.ts';
import { SGD_DEFAULTS } from '../../../vocabulary/optim/sgd.ts';
import { TORCH_DEFAULTS } from '../../../vocabulary/optim/torch-defaults.ts';
import type { ParamsOf } from '../../../vocabulary/signature.ts';
import type { Range, Steps } from '../../foreseen.ts';

type Params = ParamsOf<typeof optimizerSteps>;

/** A number of the parameter with what its optimizer keeps of it, by its names. */
export type StoredElement = Readonly<Record<string, Range>>;

/** What a step makes of it by the gradient; states alone of optimizers whose movement is not known. */
export type StoredMove = (before: StoredElement, grad: Range, isFirst: boolean) => StoredElement;

/**
 * Kernel by kernel, each storing what it gives; the same for several tensors together, where mul
 * rounds a number to the format first; or all of a step in one kernel.
 */
export const WAYS = ['forloop', 'foreach', 'fused'] as const;

/**
 * A step of torch's optimizers of parameters in halves, operation by operation of its source;
 * undefined of those that are not known.
 */
export function storedMove(
  steps: Steps,
  params: Params,
  way: (typeof WAYS)[number],
): StoredMove | undefined {
  const move = MOVES[params.optimizer];
  if (!move) return undefined;
  const kept = (x: Range) => x;
  const between = way === 'fused' ? kept : steps.stored;
  const { neg } = steps;
  const known = knownOf(steps, between, way === 'foreach' ? steps.stored : kept);
  const made = move(known, params);
  const l2 = l2Of(params);
  return (before, grad, isFirst) => {
    const uphill = params.maximize ? neg(grad) : grad;
    return made(
      before,
      l2 ? between(known.added(uphill, l2, at(before, 'param'))) : uphill,
      isFirst,
    );
  };
}

/** The L2 term: of Adam's kind where the decay is not decoupled. */
function l2Of(params: Params): number {
  const { optimizer, weight_decay = 0 } = params;
  const isDecoupled =
    optimizer === 'adamw' || ('decoupled_weight_decay' in params && params.decoupled_weight_decay);
  return isDecoupled ? 0 : weight_decay;
}

/** What several optimizers do with a state. */
function knownOf(steps: Steps, between: (x: Range) => Range, ofFactor: (x: Range) => Range) {
  const { stored, exactly, add, sub, mul } = steps;
  const scalar = (x: number) => exactly(Math.fround(x));
  /** state.mul_(x). */
  const times = (x: number, state: Range) => between(mul(ofFactor(scalar(x)), state));
  /** What add takes: a number, or alpha, which it rounds to the format first. */
  const factor = (x: number) => between(scalar(x));
  /** x.add(y, alpha=alpha), whose product what a vector leaves over stores. */
  const added = (x: Range, alpha: number, y: Range) => {
    const product = mul(factor(alpha), y);
    return steps.either(add(x, product), add(x, between(product)));
  };
  /** state.mul_(keep).addcmul_(x, x, value=1 - keep). */
  const squares = (state: Range, keep: number, x: Range) =>
    stored(add(times(keep, state), mul(mul(scalar(1 - keep), x), x)));
  /** state.lerp_(x, rest), which torch takes from the nearer end. */
  const average = (state: Range, rest: number, x: Range) => {
    const apart = sub(x, state);
    return stored(
      rest < 0.5 ? add(state, mul(scalar(rest), apart)) : sub(x, mul(apart, scalar(1 - rest))),
    );
  };
  return { steps, between, scalar, times, factor, added, squares, average };
}

type Known = ReturnType<typeof knownOf>;
type Made = (known: Known, params: Params) => StoredMove;

const at = (element: StoredElement, name: string): Range => element[name] as Range;

const moments: Made = ({ squares, average }, params) => {
  const { betas } = { ...adamDefaults('adam'), ...params };
  return (before, g) => ({
    exp_avg: average(at(before, 'exp_avg'), 1 - betas[0], g),
    exp_avg_sq: squares(at(before, 'exp_avg_sq'), betas[1], g),
  });
};

const sgd: Made = ({ steps: { stored }, between, times, added }, params) => {
  const { lr, momentum, dampening, nesterov } = { ...SGD_DEFAULTS, ...params };
  return (before, g, isFirst) => {
    const old = times(momentum, at(before, 'momentum_buffer'));
    const buffer = isFirst ? g : stored(added(old, 1 - dampening, g));
    const ahead = nesterov ? between(added(g, momentum, buffer)) : buffer;
    const along = momentum === 0 ? g : ahead;
    return {
      ...(momentum !== 0 && { momentum_buffer: buffer }),
      param: stored(added(at(before, 'param'), -lr, along)),
    };
  };
};

const adadelta: Made = (known, params) => {
  const { steps, between, factor, added, squares } = known;
  const { lr, rho, eps } = { ...TORCH_DEFAULTS.adadelta, ...params };
  const { stored, add, mul, div, root } = steps;
  return (before, g) => {
    const square_avg = squares(at(before, 'square_avg'), rho, g);
    const rootOf = (x: Range) => between(root(between(add(x, factor(eps)))));
    const ratio = between(div(rootOf(at(before, 'acc_delta')), rootOf(square_avg)));
    const delta = between(mul(ratio, g));
    return {
      square_avg,
      acc_delta: squares(at(before, 'acc_delta'), rho, delta),
      param: stored(added(at(before, 'param'), -lr, delta)),
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
      param: stored(buffer ? added(param, -lr, buffer) : add(param, mul(neg(scalar(lr)), own))),
    };
  };
};

const MOVES: Readonly<Record<string, Made>> = {
  ...{ adam: moments, adamw: moments, nadam: moments, radam: moments },
  ...{ sgd, adadelta, rmsprop },
};
