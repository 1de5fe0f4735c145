import type { Gpu } from '../../gpu/gpu.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { sumToSize } from '../math/sum.ts';
import { type Loaders, launchProduct, type Operand } from '../matmul/launch-product.ts';
import type { ProductPlan } from '../matmul/plan.ts';
import { floatLoaders, leftOf } from '../matmul/product.ts';
import type { Convolution, Plan } from './convolution.ts';

type Layout = Omit<ProductPlan, 'shape'>;

/**
 * target = the convolution of source, or the transposed one: products of the weight [channels,
 * terms * taps] and of windows [terms * taps, positions], for each group of each sample.
 */
export function convolveByProduct(
  gpu: Gpu,
  { source, weight, bias, target }: Convolution,
  plan: Plan,
  transposed: boolean,
  variant: string,
): void {
  const { groups, window } = plan;
  const [from, to] = transposed ? [plan.y, plan.x] : [plan.x, plan.y];
  const channels = to[1] / groups;
  const terms = from[1] / groups;
  const taps = sizeOf(window.kernel);
  const plane = from[2] * from[3];
  const k = terms * taps;
  const layout: Layout = {
    batch: [
      { size: to[0], a: 0, b: from[1] * plane, bias: 0 },
      { size: groups, a: channels * k, b: terms * plane, bias: bias ? channels : 0 },
    ],
    row: { size: channels, a: transposed ? taps : k, b: 0, bias: bias ? 1 : 0 },
    col: { size: to[2] * to[3], a: 0, b: 1, bias: 0 },
    k: { size: k, a: transposed ? channels : 1, b: plane },
  };
  // What sends back has a kernel of each channel of y in a row.
  const pieces = transposed && taps > 1 ? { piece: taps, pitch: channels * taps } : undefined;
  const reading = isPointwise(plan)
    ? { loaders: floatLoaders(layout, variant) }
    : windowsOf(layout, plan, { pieces, transposed, taps: false });
  const bindings = [weight.binding, source.binding] as const;
  launchProduct(
    gpu,
    { plan: layout, bindings, ...reading, stored: 'f32', bias, y: target },
    variant,
  );
}

/** Tiles of 4 x 4 below which a GPU has nothing to do: a sum is then cut into chunks of samples. */
const BUSY = 4096;

/**
 * Gradient of the weight, as a tensor of `shape`: products of dy [channels, positions] and of
 * windows [positions, terms * taps] for each group of each chunk of samples, and their sum. The
 * caller owns it.
 */
export function weightGradientByProduct(
  gpu: Gpu,
  x: Tensor,
  dy: Tensor,
  plan: Plan,
  variant: string,
  shape: Shape,
): Tensor {
  const { groups, weight, x: from, y: to } = plan;
  const channels = weight[0] / groups;
  const cols = sizeOf(weight.slice(1));
  const plane = from[2] * from[3];
  const positions = to[2] * to[3];
  const chunks = chunksOf(to[0], groups * Math.ceil(channels / 4) * Math.ceil(cols / 4));
  const samples = to[0] / chunks;
  const layout: Layout = {
    batch: [
      { size: chunks, a: samples * to[1] * positions, b: samples * from[1] * plane, bias: 0 },
      { size: groups, a: channels * positions, b: weight[1] * plane, bias: 0 },
    ],
    row: { size: channels, a: positions, b: 0, bias: 0 },
    col: { size: cols, a: 0, b: plane, bias: 0 },
    k: { size: samples * positions, a: positions === 1 ? to[1] : 1, b: 1 },
  };
  const pieces =
    samples > 1 && positions > 1 ? { piece: positions, pitch: to[1] * positions } : undefined;
  const reading =
    isPointwise(plan) && samples === 1
      ? { loaders: floatLoaders(layout, variant) }
      : windowsOf(layout, plan, { pieces, transposed: false, taps: true });
  const partial = Tensor.empty(gpu, 'f32', chunks === 1 ? shape : [chunks, sizeOf(weight)]);
  const bindings = [dy.binding, x.binding] as const;
  launchProduct(gpu, { plan: layout, bindings, ...reading, stored: 'f32', y: partial }, variant);
  if (chunks === 1) return partial;
  using parts = partial;
  return sumToSize(gpu, parts, [1, sizeOf(weight)], shape);
}

/** Equal chunks of samples, as many as make a GPU busy where they can be equal. */
function chunksOf(samples: number, tilesOfChunk: number): number {
  let chunks = Math.max(1, Math.min(samples, Math.ceil(BUSY / tilesOfChunk)));
  while (samples % chunks !== 0) chunks--;
  return chunks;
}

/** Whether each position has one element of the image, in its order. */
function isPointwise({ window: { kernel, stride, padding } }: Plan): boolean {
  return [...kernel, ...stride].every((n) => n === 1) && padding.every((n) => n === 0);
}

interface Reading {
  /** Where rows of A lie in pieces: elements of a piece, and from one to the next of a row. */
  readonly pieces: { readonly piece: number; readonly pitch: number } | undefined;
  /** Whether windows are those of what a convolution sends back. */
  readonly transposed: boolean;
  /** Whether columns are taps. */
  readonly taps: boolean;
}

/** Windows as B, and how A and they are read (shaders/matmul/right/windows.wesl). */
function windowsOf(
  layout: Layout,
  { window: { kernel, stride, padding, dilation }, x, y }: Plan,
  { pieces, transposed, taps }: Reading,
): { readonly images: Shape; readonly loaders: Loaders } {
  const [from, to] = transposed ? [y, x] : [x, y];
  const sign = transposed ? -1 : 1;
  const isApart = transposed && stride.some((n) => n > 1);
  const left: Operand = pieces
    ? { unit: 1, fields: [pieces.piece, pieces.pitch - pieces.piece] }
    : leftOf(layout);
  const fields = [
    ...[from[2], from[3], ...kernel, ...stride],
    ...[-sign * padding[0], -sign * padding[1], sign * dilation[0], sign * dilation[1]],
    ...[to[2], to[3], from[1] * from[2] * from[3]],
  ];
  return {
    images: from,
    loaders: {
      link: pieces ? 'pieces_windows' : left.unit === 4 ? 'windows' : 'strided_windows',
      constants: { TRANSPOSED: Number(isApart), TAPS: Number(taps) },
      left,
      right: { unit: 1, fields },
    },
  };
}
