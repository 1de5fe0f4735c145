import { mapped, present } from '../../graph/call.ts';
import type { Shape } from '../../tensor/shape.ts';
import { conv1d as signature } from '../../vocabulary/conv/conv1d.ts';
import type { conv2d } from '../../vocabulary/conv/conv2d.ts';
import {
  completed,
  type GivenParams,
  type InputsOf,
  type ParamsOf,
} from '../../vocabulary/signature.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import { simulation as simulationOf2d } from './conv2d.simulation.ts';
import { acceptance, forward, gradients, productsOf, vjpAcceptance } from './conv2d.ts';
import { CONVOLUTION_FAULTS } from './faults.ts';
import { convolutionSample, type SampleOptions } from './sample.ts';
import { ALL, SINGLE } from './variants.ts';

type Inputs = InputsOf<typeof signature, Value>;

/** Images of one row. */
const asRow = (shape: Shape): Shape => shape.toSpliced(-1, 0, 1);
const rowOf = (value: Value): Value => ({ ...value, shape: asRow(value.shape) });
const lineOf = (value: Value): Value => ({ ...value, shape: value.shape.toSpliced(-2, 1) });

const rows = ({ x, weight, bias }: Inputs) => ({ x: rowOf(x), weight: rowOf(weight), bias });

function paramsOfRow({
  stride,
  padding: [before, after],
  dilation,
  groups,
}: ParamsOf<typeof signature>): ParamsOf<typeof conv2d> {
  return {
    stride: [1, stride],
    padding: [0, before, 0, after],
    dilation: [1, dilation],
    groups,
  };
}

function sample(
  x: Shape,
  weight: Shape,
  params: GivenParams<typeof signature>,
  options: SampleOptions = {},
): SampleOf<typeof signature> {
  const { shape } = productsOf(asRow(x), asRow(weight), paramsOfRow(completed(signature, params)));
  const [channels = 0] = weight;
  return convolutionSample({ x, weight, y: shape.toSpliced(-2, 1), channels, params }, options);
}

/** torch.nn.functional.conv1d, with padding that may differ on the two sides. */
export const record = defineRecord(signature, {
  summary: 'y = 1-D convolution of x with weight + bias',
  forward: (inputs, params) => ({ y: lineOf(forward(rows(inputs), paramsOfRow(params)).y) }),
  acceptance: (inputs, _outputs, params, { depth }) => ({
    y: acceptance(rows(inputs), paramsOfRow(params), depth),
  }),
  vjp: (inputs, params, { y }) => {
    const { x, weight, bias } = gradients(rows(inputs), paramsOfRow(params), rowOf(y));
    return { x: lineOf(x), weight: lineOf(weight), ...(bias ? { bias } : {}) };
  },
  vjpAcceptance: (inputs, _gradients, params, { y }, { depth }) =>
    vjpAcceptance(rows(inputs), paramsOfRow(params), rowOf(y), depth),
  samples: [
    sample([2, 3, 11], [5, 3, 3], { stride: 2, padding: [1, 2], dilation: 2 }, { bias: true }),
    sample([3, 6, 9], [4, 3, 2], { padding: [2, 2], groups: 2 }, { tier: 'full' }),
    sample([1, 1, 1], [1, 1, 1], {}, { variants: SINGLE }),
    // A signal without a batch.
    sample([3, 13], [5, 3, 4], { stride: 2, padding: [1, 2] }, { bias: true }),
    sample([2, 12, 17], [10, 12, 3], { padding: [1, 0] }, { variants: ALL, tier: 'full' }),
    sample([2, 3, 13], [3, 1, 4], { padding: [1, 2], groups: 3 }, { variants: SINGLE }),
    sample([2, 4, 19], [7, 4, 3], { padding: [1, 1] }, { bias: true, level: 'legal' }),
  ],
  faults: CONVOLUTION_FAULTS,
  plausibleBugs: [
    paramsBug('dilation ignored', (p) => ({ ...p, dilation: 1 })),
    paramsBug('stride ignored', (p) => ({ ...p, stride: 1 })),
    paramsBug('padding mirrored', ({ padding: [before, after], ...p }) => ({
      ...p,
      padding: [after, before],
    })),
    inputBug('x wrong by 2e-5', 'x', (v) => v * (1 + 2e-5)),
    inputBug('kernel turned around', 'weight', (_, i, { shape, data }) => {
      const taps = shape[2] as number;
      return data[i - (i % taps) + taps - 1 - (i % taps)] as number;
    }),
    inputBug('bias dropped', 'bias', () => 0),
  ],
});

/** That of conv2d, of one row. */
export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params, variant) => {
    const { y } = simulationOf2d.forward(gpu, present(rows(inputs)), paramsOfRow(params), variant);
    return { y: lineOf(y as Value) };
  },
  backward: (gpu, inputs, params, { y }, variant) => {
    const images = present(rows(inputs));
    const flow = { y: rowOf(y) };
    const back = simulationOf2d.backward?.(gpu, images, paramsOfRow(params), flow, variant);
    return mapped(back ?? {}, (value) => (value.shape.length > 1 ? lineOf(value) : value));
  },
  samples: [
    sample(
      [2, 6, 40],
      [5, 6, 3],
      { padding: [1, 1] },
      { level: 'legal', positive: true, bias: true },
    ),
    sample([1, 3, 60], [2, 3, 2], {}, { level: 'legal', positive: true, bias: true }),
    sample([4, 128, 9], [3, 128, 3], {}, { level: 'legal', positive: true, bias: true }),
  ],
});
