import { optimizerSteps as signature } from '../../vocabulary/optim/optimizer_steps.ts';
import { defineSimulation } from '../define.ts';
import { type Element, ruleOf } from './optimizers.ts';
import { simulatedStep } from './simulated-step.ts';

/** Step after step from the simulated GPU's own results. */
export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => {
    const { param, grads } = inputs;
    const n = param.data.length;
    const { state } = ruleOf(params);
    const step = simulatedStep(gpu, params, inputs['state.momentum_buffer'] !== undefined);
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
    const counted = Object.entries(ruleOf(params).counted?.(grads.data.length / n) ?? {}).map(
      ([name, x]) =>
        [`state.${name}`, { shape: [1], data: Float64Array.of(Math.fround(x)) }] as const,
    );
    return {
      trajectory: { shape: grads.shape, data: trajectory },
      ...Object.fromEntries([...kept, ...counted]),
    };
  },
});
