import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { FLUSH, flushOfProducts, gamma, maxAbs, SECOND_ORDER, typicalSum } from '../bounds.ts';
import { boundOfColumnSums } from '../column-sums.ts';
import { absolute } from '../matmul/product.ts';
import type { Acceptance, Depth, OpRecord, Sample, Value, Values } from '../record.ts';
import { wrongInput, wrongParams } from '../wrong-value.ts';
import { cellsOf, type Pair, slid, type Window } from './window.ts';

/** The vocabulary's parameters of conv2d. */
export interface Conv2dParams {
  readonly stride?: Pair;
  readonly padding?: Window['padding'];
  readonly dilation?: Pair;
  readonly groups?: number;
}

/** A product of the convolution: indices of its factors in x and weight, and of the sum in y to which it belongs. */
type Visit = (y: number, x: number, w: number, sample: number) => void;

/** The shape of y, and every product of the convolution, in the order in which each of the kernels' sums takes them. */
export function productsOf(
  x: Shape,
  weight: Shape,
  params: Conv2dParams,
): { readonly shape: Shape; readonly each: (visit: Visit) => void } {
  const { stride = [1, 1], padding = [0, 0, 0, 0], dilation = [1, 1], groups = 1 } = params;
  const [batch, channels, height, width] = x as [number, number, number, number];
  const [out, inner, ...kernel] = weight as [number, number, number, number];
  const window: Window = { kernel, stride, padding, dilation };
  const size = slid(x, window);
  const [positions, taps, outPerGroup] = [sizeOf(size), sizeOf(kernel), out / groups];
  const cells = cellsOf(x, window).filter(({ inside }) => inside);
  return {
    shape: [batch, out, ...size],
    each: (visit) => {
      for (let n = 0; n < batch; n++) {
        for (const { position, tap, row, col } of cells) {
          for (let o = 0; o < out; o++) {
            for (let t = 0; t < inner; t++) {
              const channel = Math.floor(o / outPerGroup) * inner + t;
              const at = ((n * channels + channel) * height + row) * width + col;
              visit((n * out + o) * positions + position, at, (o * inner + t) * taps + tap, n);
            }
          }
        }
      }
    },
  };
}

function operandsOf(inputs: Values): { x: Value; weight: Value; bias: Value | undefined } {
  return { x: inputs['x'] as Value, weight: inputs['weight'] as Value, bias: inputs['bias'] };
}

/** Channel of an element of an image batch. */
const channelOf = (index: number, shape: Shape): number => Math.floor(index / sizeOf(shape.slice(2))) % (shape[1] as number);

function convolved(x: Value, weight: Value, params: Conv2dParams): Value {
  const { shape, each } = productsOf(x.shape, weight.shape, params);
  const data = new Float64Array(sizeOf(shape));
  each((at, i, w) => {
    data[at] = (data[at] as number) + (x.data[i] as number) * (weight.data[w] as number);
  });
  return { shape, data };
}

function forward(inputs: Values, params: Conv2dParams): Values {
  const { x, weight, bias } = operandsOf(inputs);
  const y = convolved(x, weight, params);
  return { y: { ...y, data: y.data.map((v, i) => v + (bias?.data[channelOf(i, y.shape)] ?? 0)) } };
}

function gradients({ x, weight, bias }: ReturnType<typeof operandsOf>, params: Conv2dParams, dy: Value): Record<string, Value> {
  const [dx, dw] = [new Float64Array(x.data.length), new Float64Array(weight.data.length)];
  productsOf(x.shape, weight.shape, params).each((at, i, w) => {
    const flowing = dy.data[at] as number;
    dx[i] = (dx[i] as number) + flowing * (weight.data[w] as number);
    dw[w] = (dw[w] as number) + flowing * (x.data[i] as number);
  });
  const gradient = { x: { shape: x.shape, data: dx }, weight: { shape: weight.shape, data: dw } };
  if (!bias) return gradient;
  const sums = new Float64Array(bias.data.length);
  dy.data.forEach((v, i) => {
    const channel = channelOf(i, dy.shape);
    sums[channel] = (sums[channel] as number) + v;
  });
  return { ...gradient, bias: { shape: bias.shape, data: sums } };
}

/** gamma_c of a sum of `terms` products with the given condition, and what their flushed factors may cost. */
function sumBound(condition: Float64Array, c: number, flush: number): Acceptance {
  return {
    kind: 'within',
    bound: condition.map((size) => gamma(c) * size * SECOND_ORDER + flush),
    typical: condition.map((size) => typicalSum(c, size)),
  };
}

function acceptance(inputs: Values, params: Conv2dParams, depth: Depth): Record<string, Acceptance> {
  const { x, weight, bias } = operandsOf(inputs);
  const size = convolved(absolute(x), absolute(weight), params);
  const terms = sizeOf(weight.shape.slice(1));
  const flush = flushOfProducts(terms, maxAbs(x.data), maxAbs(weight.data)) + FLUSH;
  // The bias is one more addition, of what the products may be at most.
  const whole = size.data.map((v, i) => v + Math.abs(bias?.data[channelOf(i, size.shape)] ?? 0));
  return { y: sumBound(whole, depth(terms) + (bias ? 1 : 0), flush) };
}

function vjpAcceptance(inputs: Values, params: Conv2dParams, grads: Values, depth: Depth): Record<string, Acceptance> {
  const { x, weight, bias } = operandsOf(inputs);
  const { groups = 1 } = params;
  const dy = grads['y'] as Value;
  const sizes = gradients({ x: absolute(x), weight: absolute(weight), bias }, params, absolute(dy));
  const [batch, out, ...image] = dy.shape as [number, number, number, number];
  const [largest, perChannel] = [maxAbs(dy.data), batch * sizeOf(image)];
  const terms = (out / groups) * sizeOf(weight.shape.slice(2));
  const data = (name: string) => (sizes[name] as Value).data;
  return {
    x: sumBound(data('x'), depth(terms), flushOfProducts(terms, largest, maxAbs(weight.data))),
    weight: sumBound(data('weight'), depth(perChannel), flushOfProducts(perChannel, largest, maxAbs(x.data))),
    ...(bias ? { bias: { kind: 'within', bound: boundOfColumnSums(dy, [1, out, 1, 1], depth) } } : {}),
  };
}

interface Options {
  readonly bias?: boolean;
  readonly layer?: 'exact' | 'legal';
}

function sample(x: Shape, weight: Shape, params: Conv2dParams, { bias = false, layer = 'exact' }: Options = {}): Sample<Conv2dParams> {
  const draw = (random: Random) => (layer === 'exact' ? () => random.integer(-8, 8) : () => random.normal());
  const tensor = (random: Random, shape: Shape) => hostTensorFrom('f32', shape, random.fill(sizeOf(shape), draw(random)));
  const { shape } = productsOf(x, weight, params);
  const settings = Object.entries(params).map(([name, value]) => [name, Array.isArray(value) ? formatShape(value) : value] as const);
  return {
    layer,
    label: { x: formatShape(x), weight: formatShape(weight), ...Object.fromEntries(settings), ...(bias ? { bias } : {}) },
    params,
    inputs: (random) => ({
      x: tensor(random, x),
      weight: tensor(random, weight),
      ...(bias ? { bias: tensor(random, weight.slice(0, 1)) } : {}),
    }),
    grads: (random) => ({ y: tensor(random, shape) }),
  };
}

/** torch.nn.functional.conv2d, with padding that may differ on the four sides. */
export const record: OpRecord<Conv2dParams> = {
  name: 'conv2d',
  family: 'conv',
  summary: 'y = 2-D convolution of x with weight + bias',
  inputs: {
    x: { dtypes: ['f32'], differentiable: true },
    weight: { dtypes: ['f32'], differentiable: true },
    bias: { dtypes: ['f32'], optional: true, differentiable: true },
  },
  outputs: { y: { dtypes: ['f32'] } },
  forward,
  acceptance: (inputs, _outputs, params, { depth }) => acceptance(inputs, params, depth),
  vjp: (inputs, params, grads) => gradients(operandsOf(inputs), params, grads['y'] as Value),
  vjpAcceptance: (inputs, _gradients, params, grads, { depth }) => vjpAcceptance(inputs, params, grads, depth),
  samples: [
    sample([2, 3, 9, 11], [5, 3, 3, 2], { stride: [2, 1], padding: [1, 0, 2, 3], dilation: [1, 2] }, { bias: true }),
    sample([3, 6, 7, 8], [10, 3, 3, 3], { stride: [1, 2], padding: [1, 1, 1, 1], groups: 2 }, { bias: true }),
    sample([2, 5, 8, 7], [5, 1, 3, 3], { stride: [2, 2], padding: [1, 1, 1, 1], groups: 5 }, { bias: true }),
    sample([1, 1, 1, 1], [1, 1, 1, 1], {}),
    sample([5, 128, 1, 2], [128, 128, 1, 1], {}),
    sample([1, 2, 3, 2], [3, 2, 2, 2], { padding: [0, 2, 0, 1], dilation: [2, 3], stride: [3, 1] }),
    sample([2, 4, 6, 5], [7, 4, 3, 3], { padding: [1, 1, 1, 1] }, { bias: true, layer: 'legal' }),
    sample([3, 8, 16, 16], [8, 8, 1, 1], {}, { layer: 'legal' }),
    sample([2, 3, 5, 4], [6, 1, 2, 3], { groups: 3, stride: [2, 3], padding: [1, 2, 0, 0] }, { layer: 'legal' }),
  ],
  faults: [
    { name: 'last channel dropped', shader: { file: 'conv/conv2d', from: 't < dims.terms;', to: 't + 1u < dims.terms;' } },
    {
      name: 'last channel dropped on the way back',
      direction: 'backward',
      shader: { file: 'conv/conv2d', from: 't < dims.terms;', to: 't + 1u < dims.terms;' },
    },
  ],
  wrongValues: [
    wrongParams('stride of the other direction', ({ stride, ...p }) => ({ ...p, ...(stride ? { stride: [stride[1], stride[0]] } : {}) })),
    wrongParams('dilation ignored', ({ dilation: _, ...p }) => p),
    wrongParams('padding mirrored', ({ padding, ...p }) => ({ ...p, ...(padding ? { padding: mirrored(padding) } : {}) })),
    {
      name: 'groups ignored',
      apply: (inputs, { groups = 1, ...params }) => {
        const weight = inputs['weight'] as Value;
        const [out, inner, ...kernel] = weight.shape as [number, number, number, number];
        // Every group reads the channels of the first.
        const x = inputs['x'] as Value;
        const plane = sizeOf(kernel);
        const shape = [out, inner * groups, ...kernel];
        const data = Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
          const [o, t] = [Math.floor(i / (inner * groups * plane)), Math.floor(i / plane) % (inner * groups)];
          return t < inner ? (weight.data[(o * inner + t) * plane + (i % plane)] as number) : 0;
        });
        return { inputs: { ...inputs, x, weight: { shape, data } }, params };
      },
    },
    wrongInput('x wrong by 2e-5', 'x', (v) => v * (1 + 2e-5)),
    wrongInput('last element of the kernel dropped', 'weight', (v, i, { shape }) => ((i + 1) % sizeOf(shape.slice(2)) === 0 ? 0 : v)),
    wrongInput('kernel turned around', 'weight', (_, i, { shape, data }) => {
      const taps = sizeOf(shape.slice(2));
      return data[i - (i % taps) + taps - 1 - (i % taps)] as number;
    }),
    wrongInput('bias dropped', 'bias', () => 0),
  ],
};

const mirrored = ([top, left, bottom, right]: Window['padding']): Window['padding'] => [bottom, right, top, left];
