import { hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { OpRecord, Sample, Value, Values, WrongValue } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { wrongInput, wrongParams } from '../wrong-value.ts';
import { type MomentumElement, type MomentumScalars, momentumBound, momentumElement, type SgdParams, sgdScalars } from './momentum.ts';

/** The vocabulary of sgd_step: hyperparameters, and which step it is, from 1 on. */
type StepParams = SgdParams & { readonly lr: number; readonly step: number };

/** Applies `f` to every element and its gradient, and collects the results. */
export function mapElements(
  inputs: Values,
  f: (before: MomentumElement, grad: number) => MomentumElement,
): Record<keyof MomentumElement, Value> {
  const [p, g, buffer] = [inputs['param'] as Value, inputs['grad'] as Value, inputs['momentum_buffer'] as Value];
  const all = Array.from(p.data, (param, i) => f({ param, momentum_buffer: buffer.data[i] as number }, g.data[i] as number));
  const collect = (name: keyof MomentumElement): Value => ({ shape: p.shape, data: Float64Array.from(all, (element) => element[name]) });
  return { param: collect('param'), momentum_buffer: collect('momentum_buffer') };
}

const scalarsOf = ({ step, ...params }: StepParams): MomentumScalars => sgdScalars(params, step === 1);

function sample(shape: Shape, params: StepParams, scale = 1): Sample<StepParams> {
  return {
    layer: 'legal',
    label: { param: formatShape(shape), ...params, ...(scale === 1 ? {} : { scale }) },
    params,
    inputs: (random) => {
      const tensor = (deviation: number) =>
        hostTensorFrom(
          'f32',
          shape,
          random.fill(sizeOf(shape), () => random.normal(deviation)),
        );
      return { param: tensor(1), grad: tensor(scale), momentum_buffer: tensor(scale) };
    },
  };
}

/** One step of torch.optim.SGD. */
export const record: OpRecord<StepParams> = {
  name: 'sgd_step',
  family: 'optim',
  summary: 'one step of SGD on a flat parameter',
  inputs: { param: { dtypes: ['f32'] }, grad: { dtypes: ['f32'] }, momentum_buffer: { dtypes: ['f32'] } },
  outputs: { param: { dtypes: ['f32'] }, momentum_buffer: { dtypes: ['f32'] } },
  forward: (inputs, params) => mapElements(inputs, (before, grad) => momentumElement(before, grad, scalarsOf(params))),
  acceptance: (inputs, _outputs, params) => {
    const bounds = mapElements(inputs, (before, grad) => momentumBound(before, grad, scalarsOf(params), 0));
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
  faults: [{ name: 'step taken uphill', shader: { file: 'optim/sgd_step', from: '- step.lr', to: '+ step.lr' } }],
  wrongValues: [
    ...wrongMomentum<StepParams>(),
    wrongParams('lr wrong by 2e-5', (p) => ({ ...p, lr: p.lr * (1 + 2e-5) })),
    wrongParams('every step the first', (p) => ({ ...p, step: 1 })),
    wrongInput('parameter wrong by 2e-5', 'param', (x) => x * (1 + 2e-5)),
    wrongInput('gradient negated', 'grad', (x) => -x),
  ],
};

/** Mistakes in hyperparameters and buffer, whoever counts the steps. */
export function wrongMomentum<P extends SgdParams>(): readonly WrongValue<P>[] {
  return [
    wrongParams('no momentum', (p) => ({ ...p, momentum: 0 })),
    wrongParams('no dampening', (p) => ({ ...p, dampening: 0 })),
    wrongParams('no weight decay', (p) => ({ ...p, weight_decay: 0 })),
    wrongParams('the step of the other momentum', (p) => ({ ...p, nesterov: !p.nesterov })),
    wrongInput('buffer dropped', 'momentum_buffer', () => 0),
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

export const simulation: Simulation<StepParams> = {
  op: 'sgd_step',
  forward: (gpu, inputs, params) => mapElements(inputs, (before, grad) => simulatedMomentum(gpu, before, grad, scalarsOf(params))),
};
