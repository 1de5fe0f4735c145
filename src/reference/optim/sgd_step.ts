import { filledTensor } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import type { SgdHyperparameters } from '../../vocabulary/optim/sgd.ts';
import { sgdStep as signature } from '../../vocabulary/optim/sgd_step.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { PlausibleBug, Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import {
  type MomentumElement,
  type MomentumScalars,
  momentumBound,
  momentumElement,
  sgdScalars,
} from './momentum.ts';

/** Hyperparameters as a sample says them. */
type Given = Partial<SgdHyperparameters> & Pick<ParamsOf<typeof signature>, 'lr' | 'step'>;

/** Applies `f` to every element and its gradient, and collects the results. */
export function mapElements(
  { param: p, grad: g, momentum_buffer: buffer }: InputsOf<typeof signature, Value>,
  f: (before: MomentumElement, grad: number) => MomentumElement,
): Record<keyof MomentumElement, Value> {
  const all = Array.from(p.data, (param, i) =>
    f({ param, momentum_buffer: buffer.data[i] as number }, g.data[i] as number),
  );
  const collect = (name: keyof MomentumElement): Value => ({
    shape: p.shape,
    data: Float64Array.from(all, (element) => element[name]),
  });
  return { param: collect('param'), momentum_buffer: collect('momentum_buffer') };
}

const scalarsOf = ({ step, ...params }: ParamsOf<typeof signature>): MomentumScalars =>
  sgdScalars(params, step === 1);

function sample(shape: Shape, params: Given, scale = 1): SampleOf<typeof signature> {
  return {
    level: 'legal',
    label: { param: formatShape(shape), ...params, ...(scale === 1 ? {} : { scale }) },
    params,
    inputs: (random) => {
      const tensor = (deviation: number) =>
        filledTensor('f32', shape, () => random.normal(deviation));
      return { param: tensor(1), grad: tensor(scale), momentum_buffer: tensor(scale) };
    },
  };
}

/** One step of torch.optim.SGD. */
export const record = defineRecord(signature, {
  summary: 'one step of SGD on a flat parameter',
  forward: (inputs, params) =>
    mapElements(inputs, (before, grad) => momentumElement(before, grad, scalarsOf(params))),
  acceptance: (inputs, _outputs, params) => {
    const bounds = mapElements(inputs, (before, grad) =>
      momentumBound(before, grad, scalarsOf(params), 0),
    );
    return {
      param: { kind: 'within', bound: bounds.param.data },
      momentum_buffer: { kind: 'within', bound: bounds.momentum_buffer.data },
    };
  },
  samples: [
    sample([1], { lr: 0.1, step: 1 }),
    sample([5, 7], { lr: 0.1, momentum: 0.9, dampening: 0.5, weight_decay: 0.01, step: 1 }),
    sample([512], { lr: 0.1, momentum: 0.9, dampening: 0.5, weight_decay: 0.01, step: 2 }),
    sample([1027], { lr: 0.01, momentum: 0.9, nesterov: true, weight_decay: 0.05, step: 7 }),
    sample([35], { lr: 0.5, momentum: 0.7, dampening: 0.25, step: 3 }, 1e-7),
  ],
  faults: [
    {
      name: 'step taken uphill',
      shader: { file: 'optim/sgd_step', from: '- step.lr', to: '+ step.lr' },
    },
  ],
  plausibleBugs: [
    ...wrongMomentum<ParamsOf<typeof signature>, InputsOf<typeof signature, Value>>(),
    paramsBug('lr wrong by 2e-5', (p) => ({ ...p, lr: p.lr * (1 + 2e-5) })),
    paramsBug('every step the first', (p) => ({ ...p, step: 1 })),
    inputBug('parameter wrong by 2e-5', 'param', (x) => x * (1 + 2e-5)),
    inputBug('gradient negated', 'grad', (x) => -x),
  ],
});

/** Mistakes in hyperparameters and buffer, wherever the steps are counted. */
export function wrongMomentum<
  P extends SgdHyperparameters,
  I extends { readonly momentum_buffer: Value },
>(): readonly PlausibleBug<P, I>[] {
  return [
    paramsBug('no momentum', (p) => ({ ...p, momentum: 0 })),
    paramsBug('no dampening', (p) => ({ ...p, dampening: 0 })),
    paramsBug('no weight decay', (p) => ({ ...p, weight_decay: 0 })),
    paramsBug('the step of the other momentum', (p) => ({ ...p, nesterov: !p.nesterov })),
    inputBug('buffer dropped', 'momentum_buffer', () => 0),
  ];
}

/** One element's step, as sgd_step computes it. */
export function simulatedMomentum(
  gpu: SimulatedGpu,
  { param, momentum_buffer }: MomentumElement,
  grad: number,
  { lr, l2, keep, gain, ahead }: MomentumScalars,
): MomentumElement {
  const g = gpu.mulAdd(l2, param, grad);
  const buffer = gpu.mulAdd(keep, momentum_buffer, gpu.mul(gain, g));
  const along = ahead === undefined ? buffer : gpu.mulAdd(ahead, buffer, g);
  return { param: gpu.mulAdd(-lr, along, param), momentum_buffer: buffer };
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) =>
    mapElements(inputs, (before, grad) => simulatedMomentum(gpu, before, grad, scalarsOf(params))),
});
