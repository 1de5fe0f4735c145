import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { convTranspose2d as signature } from '../../vocabulary/conv/conv_transpose2d.ts';
import {
  completed,
  type GivenParams,
  type InputsOf,
  type ParamsOf,
} from '../../vocabulary/signature.ts';
import { flushOfProducts, maxAbs } from '../bounds.ts';
import { sumTo } from '../broadcast.ts';
import { boundOfColumnSums } from '../column-sums.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { absolute } from '../matmul/product.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Depth, Value } from '../record.ts';
import { channelSums, simulation as simulationOf2d } from './conv2d.simulation.ts';
import {
  acceptance,
  type Params as Convolution,
  channelOf,
  forward,
  gradients,
  sumBound,
  vjpAcceptance,
} from './conv2d.ts';
import { CONVOLUTION_FAULTS } from './faults.ts';
import { convolutionSample, type SampleOptions } from './sample.ts';
import { SINGLE, TILED } from './variants.ts';
import type { Pair } from './window.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

/** The convolution that takes y to x, whose windows are as many as x has elements. */
const backwards = (x: Shape, { output_padding: _, ...params }: Params): Convolution => ({
  ...params,
  positions: x.slice(-2) as unknown as Pair,
});

function shapeOf(
  x: Shape,
  weight: Shape,
  { stride, padding, output_padding, dilation, groups }: Params,
): Shape {
  const along = (d: 0 | 1): number => {
    const reach = dilation[d] * ((weight[d + 2] as number) - 1) + 1;
    const whole = ((x.at(d - 2) as number) - 1) * stride[d] + reach + output_padding[d];
    return whole - padding[d] - (padding[d + 2] as number);
  };
  return [...x.slice(0, -3), (weight[1] as number) * groups, along(0), along(1)];
}

/** Images of y's shape: of a convolution of them, what flows back does not depend on them. */
function images({ x, weight }: Inputs, params: Params): Value {
  const shape = shapeOf(x.shape, weight.shape, params);
  return { shape, data: new Float64Array(sizeOf(shape)) };
}

/** What is sent back by the convolution, and the bias. */
function sent({ x, weight, bias }: Inputs, params: Params): Value {
  const y = gradients(
    { x: images({ x, weight }, params), weight },
    backwards(x.shape, params),
    x,
  ).x;
  return { ...y, data: y.data.map((v, i) => v + (bias?.data[channelOf(i, y.shape)] ?? 0)) };
}

function bound({ x, weight, bias }: Inputs, params: Params, depth: Depth): Acceptance {
  const [channels, , ...kernel] = weight.shape as readonly [number, number, ...number[]];
  const terms = (channels / params.groups) * sizeOf(kernel);
  const size = sent(
    { x: absolute(x), weight: absolute(weight), ...(bias ? { bias: absolute(bias) } : {}) },
    params,
  );
  const flush = flushOfProducts(terms + 1, maxAbs(x.data), maxAbs(weight.data));
  return sumBound(size.data, depth(terms) + (bias ? 1 : 0), flush);
}

function sample(
  x: Shape,
  weight: Shape,
  params: GivenParams<typeof signature>,
  options: SampleOptions = {},
): SampleOf<typeof signature> {
  const y = shapeOf(x, weight, completed(signature, params));
  return convolutionSample({ x, weight, y, channels: y.at(-3) as number, params }, options);
}

/** torch.nn.functional.conv_transpose2d, with padding that may differ on the four sides. */
export const record = defineRecord(signature, {
  summary: 'y = transposed 2-D convolution of x with weight + bias',
  forward: (inputs, params) => ({ y: sent(inputs, params) }),
  acceptance: (inputs, _outputs, params, { depth }) => ({ y: bound(inputs, params, depth) }),
  vjp: ({ x, weight, bias }, params, { y: dy }) => {
    const convolution = backwards(x.shape, params);
    return {
      x: forward({ x: dy, weight }, convolution).y,
      weight: gradients({ x: dy, weight }, convolution, x).weight,
      ...(bias
        ? { bias: { ...sumTo(dy, [dy.shape.at(-3) as number, 1, 1]), shape: bias.shape } }
        : {}),
    };
  },
  vjpAcceptance: ({ x, weight, bias }, _gradients, params, { y: dy }, { depth }) => {
    const convolution = backwards(x.shape, params);
    const ofWeight = vjpAcceptance({ x: dy, weight }, convolution, x, depth).weight;
    const channels = [dy.shape.at(-3) as number, 1, 1];
    return {
      x: acceptance({ x: dy, weight }, convolution, depth),
      weight: ofWeight,
      ...(bias ? { bias: { kind: 'within', bound: boundOfColumnSums(dy, channels, depth) } } : {}),
    };
  },
  samples: [
    sample(
      [2, 3, 4, 5],
      [3, 5, 3, 2],
      { stride: [2, 3], padding: [1, 0, 2, 1], output_padding: [1, 2], dilation: [1, 2] },
      { bias: true },
    ),
    sample([3, 6, 3, 4], [6, 2, 3, 3], { padding: [1, 1, 1, 1], groups: 2 }, { bias: true }),
    // What is added is a step or more, but less than the distance of two taps.
    sample(
      [2, 3, 4, 3],
      [3, 2, 2, 3],
      { stride: [2, 1], padding: [1, 2, 0, 1], output_padding: [4, 2], dilation: [5, 3] },
      { bias: true },
    ),
    sample(
      [2, 2, 3, 4],
      [2, 1, 2, 2],
      { stride: [1, 2], output_padding: [1, 3], dilation: [2, 4], groups: 2 },
      { variants: SINGLE },
    ),
    // An image without a batch.
    sample([3, 4, 5], [3, 2, 3, 2], { stride: [2, 1], output_padding: [1, 0] }, { bias: true }),
    sample(
      [2, 3, 3, 3],
      [3, 1, 2, 2],
      { stride: [2, 2], groups: 3 },
      { variants: SINGLE, tier: 'full' },
    ),
    sample([1, 1, 1, 1], [1, 1, 1, 1], {}, { variants: SINGLE }),
    sample([2, 10, 4, 3], [10, 12, 2, 3], { stride: [2, 1] }, { variants: TILED }),
    sample([2, 10, 4, 3], [10, 12, 2, 3], { stride: [2, 1] }, { tier: 'full' }),
    sample([2, 7, 5, 4], [7, 4, 3, 3], { stride: [2, 1] }, { bias: true, level: 'legal' }),
  ],
  faults: CONVOLUTION_FAULTS,
  plausibleBugs: [
    paramsBug('dilation ignored', (p) => ({ ...p, dilation: [1, 1] })),
    paramsBug('padding mirrored', ({ padding: [top, left, bottom, right], ...p }) => ({
      ...p,
      padding: [bottom, right, top, left],
    })),
    inputBug('x wrong by 2e-5', 'x', (v) => v * (1 + 2e-5)),
    inputBug('kernel turned around', 'weight', (_, i, { shape, data }) => {
      const taps = sizeOf(shape.slice(2));
      return data[i - (i % taps) + taps - 1 - (i % taps)] as number;
    }),
    inputBug('bias dropped', 'bias', () => 0),
  ],
});

/** What is simulated of conv2d, from y to x. */
export const simulation = defineSimulation(signature, {
  forward: (gpu, { x, weight, bias }, params, variant) => {
    const inputs = { x: images({ x, weight }, params), weight };
    const back = simulationOf2d.backward?.(
      gpu,
      inputs,
      backwards(x.shape, params),
      { y: x },
      variant,
    );
    const y = back?.['x'] as Value;
    const data = bias
      ? y.data.map((sum, i) => gpu.add(sum, bias.data[channelOf(i, y.shape)] as number))
      : y.data;
    return { y: { ...y, data } };
  },
  backward: (gpu, { x, weight, bias }, params, { y: dy }, variant) => {
    const inputs = { x: dy, weight };
    const convolution = backwards(x.shape, params);
    const { y } = simulationOf2d.forward(gpu, inputs, convolution, variant);
    const back = simulationOf2d.backward?.(gpu, inputs, convolution, { y: x }, variant);
    return {
      x: y,
      weight: back?.['weight'],
      ...(bias ? { bias: { shape: bias.shape, data: channelSums(gpu, dy) } } : {}),
    };
  },
  samples: [
    sample([1, 3, 2, 1], [3, 2, 2, 2], {}, { level: 'legal', positive: true }),
    sample([1, 3, 7, 7], [3, 2, 2, 2], {}, { level: 'legal', positive: true, bias: true }),
    sample([2, 40, 5, 5], [40, 3, 3, 3], {}, { level: 'legal', positive: true, bias: true }),
    sample(
      [4, 2, 17, 9],
      [2, 2, 2, 2],
      { stride: [2, 2] },
      { level: 'legal', bias: true, positive: true },
    ),
  ],
});
