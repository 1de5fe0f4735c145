import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { conv2d as signature } from '../../vocabulary/conv/conv2d.ts';
import {
  completed,
  type GivenParams,
  type GradientsOf,
  type InputsOf,
  type ParamsOf,
} from '../../vocabulary/signature.ts';
import { FLUSH, flushOfProducts, gamma, maxAbs, SECOND_ORDER, typicalSum } from '../bounds.ts';
import { boundOfColumnSums } from '../column-sums.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { absolute, transposedData } from '../matmul/product.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Depth, Value } from '../record.ts';
import { CONVOLUTION_FAULTS } from './faults.ts';
import { told } from './sample.ts';
import { ALL, SINGLE, SMALL, TILED } from './variants.ts';
import { type Cell, cellsOf, slid, type Window } from './window.ts';

type Inputs = InputsOf<typeof signature, Value>;
/** Those of conv2d, and of a window that has fewer positions than fit, how many. */
export type Params = ParamsOf<typeof signature> & Pick<Window, 'positions'>;
type Gradients<T> = GradientsOf<typeof signature, T>;

/**
 * Products that belong to one element of y: those of an image, of an element of the window at a
 * position, and of an output channel, with all input channels of its group.
 */
type VisitGroup = (image: number, cell: Cell, output: number) => void;

/** Sizes of the convolution, and its products in the order in which the kernels' sums take them. */
function walkOf(
  x: Shape,
  weight: Shape,
  { stride, padding, dilation, groups, positions: given }: Params,
) {
  const [channels, height, width] = x.slice(-3) as [number, number, number];
  const batch = sizeOf(x.slice(0, -3));
  const [out, inner, ...kernel] = weight as [number, number, number, number];
  const window: Window = { kernel, stride, padding, dilation, positions: given };
  const size = slid(x, window);
  const cells = cellsOf(x, window).filter(({ inside }) => inside);
  const outPerGroup = out / groups;
  return {
    shape: [...x.slice(0, -3), out, ...size],
    ...{ channels, height, width, out, inner },
    positions: sizeOf(size),
    taps: sizeOf(kernel),
    /** The first input channel of an output's group. */
    firstOf: (output: number) => Math.floor(output / outPerGroup) * inner,
    each: (visit: VisitGroup) => {
      for (let image = 0; image < batch; image++) {
        for (const cell of cells) {
          for (let output = 0; output < out; output++) visit(image, cell, output);
        }
      }
    },
  };
}

/**
 * A product of the convolution: indices of its factors in x and weight, and of the sum in y to
 * which it belongs.
 */
type Visit = (y: number, x: number, w: number, sample: number) => void;

/**
 * The shape of y, and every product of the convolution, in the order in which each of the kernels'
 * sums takes them.
 */
export function productsOf(
  x: Shape,
  weight: Shape,
  params: Params,
): { readonly shape: Shape; readonly each: (visit: Visit) => void } {
  const walk = walkOf(x, weight, params);
  const { shape, channels, height, width, out, inner, positions, taps } = walk;
  return {
    shape,
    each: (visit) =>
      walk.each((n, { position, tap, row, col }, o) => {
        const y = (n * out + o) * positions + position;
        const first = walk.firstOf(o);
        for (let t = 0; t < inner; t++) {
          const at = ((n * channels + first + t) * height + row) * width + col;
          visit(y, at, (o * inner + t) * taps + tap, n);
        }
      }),
  };
}

/**
 * The same by groups, with the channels of x and weight side by side: whole training steps are
 * judged with this.
 */
function groupsOf(x: Shape, weight: Shape, params: Params) {
  const walk = walkOf(x, weight, params);
  const { channels, height, width, out, inner, positions, taps } = walk;
  const images = height * width;
  return {
    shape: walk.shape,
    inner,
    /** Of x, and of what has its shape, [.., H, W, C]; and back. */
    lastOfX: (data: Float64Array) => transposedData(data, channels, images),
    firstOfX: (data: Float64Array) => transposedData(data, images, channels),
    /** Of weight, [taps, O, I]; and back. */
    lastOfWeight: (data: Float64Array) => transposedData(data, out * inner, taps),
    firstOfWeight: (data: Float64Array) => transposedData(data, taps, out * inner),
    each: (visit: (y: number, x: number, w: number) => void) =>
      walk.each((n, { position, tap, row, col }, o) =>
        visit(
          (n * out + o) * positions + position,
          ((n * height + row) * width + col) * channels + walk.firstOf(o),
          (tap * out + o) * inner,
        ),
      ),
  };
}

/** Channel of an element of images [N, C, H, W], or of one alone. */
export const channelOf = (index: number, shape: Shape): number =>
  Math.floor(index / sizeOf(shape.slice(-2))) % (shape.at(-3) as number);

function convolved(x: Value, weight: Value, params: Params): Value {
  const { shape, inner, each, lastOfX, lastOfWeight } = groupsOf(x.shape, weight.shape, params);
  const xs = lastOfX(x.data);
  const ws = lastOfWeight(weight.data);
  const data = new Float64Array(sizeOf(shape));
  each((at, i, w) => {
    let sum = data[at] as number;
    for (let t = 0; t < inner; t++) sum += (xs[i + t] as number) * (ws[w + t] as number);
    data[at] = sum;
  });
  return { shape, data };
}

/** y in float64. */
export function forward({ x, weight, bias }: Inputs, params: Params) {
  const y = convolved(x, weight, params);
  return { y: { ...y, data: y.data.map((v, i) => v + (bias?.data[channelOf(i, y.shape)] ?? 0)) } };
}

/** The gradients in float64. */
export function gradients(
  { x, weight, bias }: Inputs,
  params: Params,
  dy: Value,
): { x: Value; weight: Value; bias?: Value } {
  const { inner, each, ...layout } = groupsOf(x.shape, weight.shape, params);
  const xs = layout.lastOfX(x.data);
  const ws = layout.lastOfWeight(weight.data);
  const dxs = new Float64Array(xs.length);
  const dws = new Float64Array(ws.length);
  each((at, i, w) => {
    const gradOutput = dy.data[at] as number;
    for (let t = 0; t < inner; t++) {
      dxs[i + t] = (dxs[i + t] as number) + gradOutput * (ws[w + t] as number);
      dws[w + t] = (dws[w + t] as number) + gradOutput * (xs[i + t] as number);
    }
  });
  const dx = layout.firstOfX(dxs);
  const dw = layout.firstOfWeight(dws);
  const gradient = { x: { shape: x.shape, data: dx }, weight: { shape: weight.shape, data: dw } };
  if (!bias) return gradient;
  const sums = new Float64Array(bias.data.length);
  dy.data.forEach((v, i) => {
    const channel = channelOf(i, dy.shape);
    sums[channel] = (sums[channel] as number) + v;
  });
  return { ...gradient, bias: { shape: bias.shape, data: sums } };
}

/**
 * gamma_c of a sum of `terms` products with the given condition, and what their flushed factors may
 * cost.
 */
export function sumBound(condition: Float64Array, c: number, flush: number): Acceptance {
  return {
    kind: 'within',
    bound: condition.map((size) => gamma(c) * size * SECOND_ORDER + flush),
    typical: condition.map((size) => typicalSum(c, size)),
  };
}

/** When a GPU's y is right. */
export function acceptance({ x, weight, bias }: Inputs, params: Params, depth: Depth): Acceptance {
  const size = convolved(absolute(x), absolute(weight), params);
  const terms = sizeOf(weight.shape.slice(1));
  const flush = flushOfProducts(terms, maxAbs(x.data), maxAbs(weight.data)) + FLUSH;
  // The bias is one more addition, of what the products may be at most.
  const whole = size.data.map((v, i) => v + Math.abs(bias?.data[channelOf(i, size.shape)] ?? 0));
  return sumBound(whole, depth(terms) + (bias ? 1 : 0), flush);
}

/** When a GPU's gradients are right. */
export function vjpAcceptance(
  { x, weight, bias }: Inputs,
  params: Params,
  dy: Value,
  depth: Depth,
): Gradients<Acceptance> {
  const sizes = gradients({ x: absolute(x), weight: absolute(weight), bias }, params, absolute(dy));
  const out = weight.shape[0] as number;
  const largest = maxAbs(dy.data);
  const perChannel = sizeOf(dy.shape.slice(0, -3)) * sizeOf(dy.shape.slice(-2));
  const terms = (out / params.groups) * sizeOf(weight.shape.slice(2));
  return {
    x: sumBound(sizes.x.data, depth(terms), flushOfProducts(terms, largest, maxAbs(weight.data))),
    weight: sumBound(
      sizes.weight.data,
      depth(perChannel),
      flushOfProducts(perChannel, largest, maxAbs(x.data)),
    ),
    ...(bias ? { bias: { kind: 'within', bound: boundOfColumnSums(dy, [out, 1, 1], depth) } } : {}),
  };
}

interface Options {
  readonly bias?: boolean;
  readonly level?: 'exact' | 'legal';
  readonly variants?: readonly string[];
  readonly tier?: 'full';
  /** An element that is infinite, and spoils what it does not belong to where that reads it. */
  readonly infinite?: { readonly of: 'x' | 'weight' | 'dy'; readonly at: number };
}

function sample(
  x: Shape,
  weight: Shape,
  params: GivenParams<typeof signature>,
  { bias, level = 'exact', variants = SMALL, infinite, tier }: Options = {},
): SampleOf<typeof signature> {
  // What meets an infinite element is not 0.
  const integer = (random: Random) =>
    infinite ? 2 * random.integer(-4, 3) + 1 : random.integer(-8, 8);
  const draw = (random: Random) => () => (level === 'exact' ? integer(random) : random.normal());
  const tensor = (random: Random, shape: Shape, spoilt?: number) => {
    const data = random.fill(sizeOf(shape), draw(random));
    return hostTensorFrom('f32', shape, spoilt === undefined ? data : data.with(spoilt, Infinity));
  };
  const spoiltOf = (input: 'x' | 'weight' | 'dy') =>
    infinite?.of === input ? infinite.at : undefined;
  const { shape } = productsOf(x, weight, completed(signature, params));
  return {
    level,
    label: {
      ...told(x, weight, params, bias),
      ...(infinite ? { infinite: infinite.of } : {}),
    },
    params,
    variants,
    ...(tier ? { tier } : {}),
    inputs: (random) => ({
      x: tensor(random, x, spoiltOf('x')),
      weight: tensor(random, weight, spoiltOf('weight')),
      ...(bias ? { bias: tensor(random, weight.slice(0, 1)) } : {}),
    }),
    // Zeros around x meet an infinite weight on the way back.
    ...(infinite?.of === 'weight'
      ? {}
      : { grads: (random: Random) => ({ y: tensor(random, shape, spoiltOf('dy')) }) }),
  };
}

/** torch.nn.functional.conv2d, with padding that may differ on the four sides. */
export const record = defineRecord(signature, {
  summary: 'y = 2-D convolution of x with weight + bias',
  forward,
  acceptance: (inputs, _outputs, params, { depth }) => ({ y: acceptance(inputs, params, depth) }),
  vjp: (inputs, params, { y }) => gradients(inputs, params, y),
  vjpAcceptance: (inputs, _gradients, params, { y }, { depth }) =>
    vjpAcceptance(inputs, params, y, depth),
  samples: [
    sample(
      [2, 3, 9, 11],
      [5, 3, 3, 2],
      { stride: [2, 1], padding: [1, 0, 2, 3], dilation: [1, 2] },
      { bias: true },
    ),
    sample(
      [3, 6, 7, 8],
      [10, 3, 3, 3],
      { stride: [1, 2], padding: [1, 1, 1, 1], groups: 2 },
      { bias: true },
    ),
    sample(
      [2, 5, 8, 7],
      [5, 1, 3, 3],
      { stride: [2, 2], padding: [1, 1, 1, 1], groups: 5 },
      { bias: true, variants: SINGLE },
    ),
    sample([1, 1, 1, 1], [1, 1, 1, 1], {}, { variants: SINGLE }),
    // An image without a batch, in groups, and with a kernel for every channel.
    sample(
      [4, 7, 6],
      [6, 2, 3, 2],
      { stride: [2, 1], padding: [1, 0, 1, 1], groups: 2 },
      { bias: true },
    ),
    sample([3, 5, 9], [3, 1, 3, 3], { padding: [1, 1, 1, 1], groups: 3 }, { variants: SINGLE }),
    // Five samples make no four equal chunks, so the gradient of the weight is summed in one.
    sample([5, 128, 1, 2], [128, 128, 1, 1], {}, { variants: SINGLE }),
    sample([5, 128, 1, 2], [128, 128, 1, 1], {}, { variants: ['subgroup'], tier: 'full' }),
    sample([1, 2, 3, 2], [3, 2, 2, 2], { padding: [0, 2, 0, 1], dilation: [2, 3], stride: [3, 1] }),
    sample([2, 4, 6, 5], [7, 4, 3, 3], { padding: [1, 1, 1, 1] }, { bias: true, level: 'legal' }),
    sample([3, 8, 16, 16], [8, 8, 1, 1], {}, { level: 'legal', tier: 'full' }),
    sample(
      [2, 3, 5, 4],
      [6, 1, 2, 3],
      { groups: 3, stride: [2, 3], padding: [1, 2, 0, 0] },
      { level: 'legal' },
    ),
    sample(
      [4, 16, 5, 5],
      [20, 16, 3, 3],
      { padding: [1, 1, 1, 1] },
      { bias: true, variants: ALL, tier: 'full' },
    ),
    sample([2, 12, 5, 7], [12, 12, 1, 1], { stride: [2, 2] }, { variants: TILED }),
    sample([2, 12, 5, 7], [12, 12, 1, 1], { stride: [2, 2] }, { tier: 'full' }),
    sample(
      [1, 4, 4, 5],
      [33, 4, 3, 3],
      { padding: [1, 1, 1, 1] },
      { variants: ['subgroup'], tier: 'full' },
    ),
    sample(
      [2, 4, 19, 9],
      [4, 1, 3, 3],
      { padding: [1, 1, 1, 1], groups: 4 },
      { bias: true, variants: SINGLE },
    ),
    sample(
      [1, 2, 9, 10],
      [2, 1, 5, 4],
      { padding: [2, 1, 2, 2], groups: 2 },
      { bias: true, variants: SINGLE },
    ),
    sample(
      [1, 2, 11, 12],
      [2, 1, 4, 3],
      { padding: [0, 3, 2, 1], stride: [1, 2], dilation: [2, 3], groups: 2 },
      { variants: SINGLE, tier: 'full' },
    ),
    sample(
      [1, 3, 37, 19],
      [3, 1, 3, 5],
      { padding: [1, 2, 1, 2], stride: [2, 2], groups: 3 },
      { bias: true, variants: SINGLE },
    ),
    sample(
      [1, 2, 12, 11],
      [2, 1, 3, 3],
      { padding: [1, 1, 1, 1], stride: [2, 1], groups: 2 },
      { variants: SINGLE, tier: 'full' },
    ),
    sample(
      [2, 3, 10, 7],
      [3, 1, 3, 3],
      { padding: [1, 1, 1, 1], groups: 3 },
      { level: 'legal', variants: SINGLE },
    ),
    sample(
      [1, 2, 5, 6],
      [2, 1, 3, 2],
      { padding: [1, 1, 1, 0], groups: 2 },
      { variants: SINGLE, infinite: { of: 'x', at: 29 } },
    ),
    sample(
      [1, 2, 5, 6],
      [2, 1, 3, 2],
      { groups: 2 },
      { variants: SINGLE, infinite: { of: 'weight', at: 6 } },
    ),
    sample(
      [1, 2, 5, 6],
      [2, 1, 3, 2],
      { groups: 2 },
      { variants: SINGLE, infinite: { of: 'dy', at: 5 } },
    ),
  ],
  faults: CONVOLUTION_FAULTS,
  plausibleBugs: [
    paramsBug('stride of the other direction', ({ stride, ...p }) => ({
      ...p,
      stride: [stride[1], stride[0]],
    })),
    paramsBug('dilation ignored', (p) => ({ ...p, dilation: [1, 1] })),
    paramsBug('padding mirrored', ({ padding: [top, left, bottom, right], ...p }) => ({
      ...p,
      padding: [bottom, right, top, left],
    })),
    {
      name: 'groups ignored',
      apply: ({ x, weight, bias }, { groups, ...params }) => {
        const [out, inner, ...kernel] = weight.shape as [number, number, number, number];
        // Every group reads the channels of the first.
        const plane = sizeOf(kernel);
        const shape = [out, inner * groups, ...kernel];
        const data = Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
          const o = Math.floor(i / (inner * groups * plane));
          const t = Math.floor(i / plane) % (inner * groups);
          return t < inner ? (weight.data[(o * inner + t) * plane + (i % plane)] as number) : 0;
        });
        return { inputs: { x, weight: { shape, data }, bias }, params: { ...params, groups: 1 } };
      },
    },
    inputBug('x wrong by 2e-5', 'x', (v) => v * (1 + 2e-5)),
    inputBug('last element of the kernel dropped', 'weight', (v, i, { shape }) =>
      (i + 1) % sizeOf(shape.slice(2)) === 0 ? 0 : v,
    ),
    inputBug('kernel turned around', 'weight', (_, i, { shape, data }) => {
      const taps = sizeOf(shape.slice(2));
      return data[i - (i % taps) + taps - 1 - (i % taps)] as number;
    }),
    inputBug('bias dropped', 'bias', () => 0),
  ],
});
