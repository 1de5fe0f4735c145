import { type OnnxHyperparameters, onnxHyperparameters } from '../../vocabulary/optim/onnx.ts';
import type { SgdHyperparameters } from '../../vocabulary/optim/sgd.ts';
import { SECOND_ORDER } from '../bounds.ts';
import { IN_FLOAT32 } from '../rounding.ts';

/**
 * The scalars of one step, rounded to float32: they are inputs of the computation that is judged.
 */
export interface MomentumScalars {
  readonly lr: number;
  readonly l2: number;
  /** Shares of the old buffer (`keep`) and of the gradient (`gain`) in the new buffer. */
  readonly keep: number;
  readonly gain: number;
  /** What looks ahead with Nesterov's momentum, else undefined. */
  readonly ahead: number | undefined;
}

/**
 * Scalars of torch's SGD at a step; the first fills the buffer with the gradient, and without
 * momentum every one does.
 */
export function sgdScalars(params: SgdHyperparameters, isFirst: boolean): MomentumScalars {
  const { lr, momentum, dampening, weight_decay, nesterov } = params;
  const [keep, gain] = isFirst || momentum === 0 ? [0, 1] : [momentum, 1 - dampening];
  return rounded({ lr, l2: weight_decay, keep, gain, ahead: nesterov ? momentum : undefined });
}

/** Scalars of ONNX's Momentum at step `step`, which counts from 1. */
export function onnxScalars(params: OnnxHyperparameters, step: number): MomentumScalars {
  const { lr, T, alpha, beta, norm_coefficient, mode } = onnxHyperparameters(params);
  const gain = T + step - 1 > 0 ? beta : 1;
  return rounded({
    lr,
    l2: norm_coefficient,
    keep: alpha,
    gain,
    ahead: mode === 'nesterov' ? alpha : undefined,
  });
}

function rounded({ lr, l2, keep, gain, ahead }: MomentumScalars): MomentumScalars {
  const fround = Math.fround;
  return {
    lr: fround(lr),
    l2: fround(l2),
    keep: fround(keep),
    gain: fround(gain),
    ahead: ahead === undefined ? undefined : fround(ahead),
  };
}

/** One element of a parameter with its buffer. */
export interface MomentumElement {
  readonly param: number;
  readonly momentum_buffer: number;
}

/** The step of one element. */
export function momentumElement(
  before: MomentumElement,
  grad: number,
  { lr, l2, keep, gain, ahead }: MomentumScalars,
): MomentumElement {
  const g = grad + l2 * before.param;
  const momentum_buffer = keep * before.momentum_buffer + gain * g;
  const along = ahead === undefined ? momentum_buffer : g + ahead * momentum_buffer;
  return { param: before.param - lr * along, momentum_buffer };
}

/**
 * Bound of one element's step, where the buffer may already be off by `carried`: a rounding for
 * every operation, carried through; none where the buffer may overflow.
 */
export function momentumBound(
  before: MomentumElement,
  grad: number,
  s: MomentumScalars,
  carried: number,
  { eps, flush, largest } = IN_FLOAT32,
): MomentumElement {
  const after = momentumElement(before, grad, s);
  const g = grad + s.l2 * before.param;
  const gradError =
    s.l2 === 0 ? 0 : eps * (Math.abs(s.l2 * before.param) + Math.abs(g)) + 3 * flush;
  const parts = Math.abs(s.keep * before.momentum_buffer) + Math.abs(s.gain * g);
  const momentum_buffer =
    Math.max(parts, Math.abs(g)) > largest
      ? Number.POSITIVE_INFINITY
      : s.keep * carried +
        s.gain * gradError +
        eps * (parts + Math.abs(after.momentum_buffer)) * SECOND_ORDER +
        5 * flush;
  const along = s.ahead === undefined ? after.momentum_buffer : g + s.ahead * after.momentum_buffer;
  const ofAhead = (ahead: number) =>
    gradError +
    ahead * momentum_buffer +
    eps * (Math.abs(ahead * after.momentum_buffer) + Math.abs(g) + Math.abs(along)) +
    3 * flush;
  const alongError = s.ahead === undefined ? momentum_buffer : ofAhead(s.ahead);
  const step = Math.abs(s.lr * along);
  const param =
    (s.lr * alongError + eps * (step + Math.abs(after.param))) * SECOND_ORDER + flush * (3 + s.lr);
  return { param, momentum_buffer };
}
