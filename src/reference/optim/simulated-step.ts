import { FLUSH } from '../bounds.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { type AdagradElement, type AdagradScalars, adagradScalars } from './adagrad.ts';
import { type AdamElement, adamScalars } from './adam.ts';
import type { MomentumElement } from './momentum.ts';
import {
  adamParams,
  type Element,
  momentumScalars,
  type OptimizerParams,
  ruleOf,
} from './optimizers.ts';
import { simulatedMomentum } from './sgd_step.ts';
import { simulatedAdam } from './simulated-adam.ts';

/** One element's step, as adagrad_step computes it. */
function simulatedAdagrad(
  gpu: SimulatedGpu,
  { param, exp_avg_sq }: AdagradElement,
  grad: number,
  s: AdagradScalars,
): AdagradElement {
  const g = gpu.mulAdd(s.l2, param, grad);
  const sum = gpu.mulAdd(g, g, exp_avg_sq);
  const root = sum >= FLUSH ? gpu.sqrt(sum) : 0;
  return {
    param: gpu.sub(param, gpu.div(gpu.mul(s.rate, g), gpu.add(root, s.eps))),
    exp_avg_sq: sum,
  };
}

type Step = (
  before: Element,
  grad: number,
  step: number,
) => AdamElement | MomentumElement | AdagradElement | Element;

/** How `gpu` steps; `continues` says whether a buffer was given. */
export function simulatedStep(
  gpu: SimulatedGpu,
  params: OptimizerParams,
  continues: boolean,
): Step {
  const { computed } = ruleOf(params, continues);
  if (computed) return (before, grad, step) => computed(gpu, before, grad, step);
  const down = downhill(gpu, params, continues);
  return params.maximize ? (before, grad, step) => down(before, -grad, step) : down;
}

function downhill(gpu: SimulatedGpu, params: OptimizerParams, continues: boolean): Step {
  switch (params.optimizer) {
    case 'adagrad':
      return (before, grad, step) =>
        simulatedAdagrad(
          gpu,
          before as unknown as AdagradElement,
          grad,
          adagradScalars(params, step),
        );
    case 'sgd':
    case 'momentum':
      return (before, grad, step) =>
        simulatedMomentum(
          gpu,
          before as unknown as MomentumElement,
          grad,
          momentumScalars(params, continues, step),
        );
    default:
      return (before, grad, step) =>
        simulatedAdam(
          gpu,
          before as unknown as AdamElement,
          grad,
          adamScalars(adamParams(params), step),
        );
  }
}
