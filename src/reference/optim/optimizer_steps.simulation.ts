import { optimizerSteps as signature } from '../../vocabulary/optim/optimizer_steps.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { FLUSH } from '../bounds.ts';
import { defineSimulation } from '../define.ts';
import type { Value } from '../record.ts';
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

type Inputs = InputsOf<typeof signature, Value>;

type Step = (
  before: Element,
  grad: number,
  step: number,
) => AdamElement | MomentumElement | AdagradElement;

function stepOf(gpu: SimulatedGpu, inputs: Inputs, params: OptimizerParams): Step {
  const continues = inputs['state.momentum_buffer'] !== undefined;
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

/** Step after step from the simulated GPU's own results. */
export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => {
    const { param, grads } = inputs;
    const n = param.data.length;
    const { state } = ruleOf(params);
    const step = stepOf(gpu, inputs, params);
    const trajectory = new Float64Array(grads.data.length);
    const last = Array.from(param.data, (start, i) => {
      let element: Element = {
        param: start,
        ...Object.fromEntries(state.map((name) => [name, inputs[`state.${name}`]?.data[i] ?? 0])),
      };
      for (let t = 0; t * n < trajectory.length; t++) {
        element = { ...step(element, grads.data[t * n + i] as number, t + 1) };
        trajectory[t * n + i] = element['param'] as number;
      }
      return element;
    });
    const kept = state.map((name) => {
      return [
        `state.${name}`,
        { shape: param.shape, data: Float64Array.from(last, (element) => element[name] as number) },
      ] as const;
    });
    return { trajectory: { shape: grads.shape, data: trajectory }, ...Object.fromEntries(kept) };
  },
});
