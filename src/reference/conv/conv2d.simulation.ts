import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { conv2d as signature } from '../../vocabulary/conv/conv2d.ts';
import { completed, type GivenParams } from '../../vocabulary/signature.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import type { Value } from '../record.ts';
import { drawTensor, type Elements } from '../simulation/draw.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { chainSum, sharedSum } from '../simulation/sums.ts';
import { productsOf } from './conv2d.ts';

/** Sums over the channels of images, with a batch or without: first of every image. */
export function channelSums(gpu: SimulatedGpu, { shape, data }: Value): Float64Array {
  const channels = shape.at(-3) as number;
  const size = sizeOf(shape.slice(-2));
  const perImage = Float64Array.from({ length: sizeOf(shape.slice(0, -2)) }, (_, i) =>
    chainSum(gpu, data.subarray(i * size, (i + 1) * size)),
  );
  return Float64Array.from({ length: channels }, (_, c) =>
    chainSum(
      gpu,
      perImage.filter((__, i) => i % channels === c),
    ),
  );
}

function sample(
  x: Shape,
  weight: Shape,
  params: GivenParams<typeof signature>,
  elements: Elements,
): SampleOf<typeof signature> {
  const { shape } = productsOf(x, weight, completed(signature, params));
  return {
    level: 'legal',
    label: { x: formatShape(x), weight: formatShape(weight), elements },
    params,
    inputs: (random) => ({
      x: drawTensor(random, x, elements),
      weight: drawTensor(random, weight, elements),
      bias: drawTensor(random, weight.slice(0, 1), elements),
    }),
    grads: (random) => ({ y: drawTensor(random, shape, elements) }),
  };
}

/** Terms of a sum that are added to each other first, at most. */
const PART = 4;

/** The factors of a sum's terms, by their slots; what padding leaves out has none. */
interface Terms {
  readonly a: number[];
  readonly b: number[];
}

const emptySums = (count: number): Terms[] =>
  Array.from({ length: count }, () => ({ a: [], b: [] }));

function addTerm(terms: Terms | undefined, slot: number, a: number, b: number): void {
  if (!terms) return;
  terms.a[slot] = a;
  terms.b[slot] = b;
}

/** Adds the terms of each part to each other, and then the parts, both in their order. */
function sumOf(gpu: SimulatedGpu, { a, b }: Terms): number {
  const parts: number[] = [];
  for (let first = 0; first < a.length; first += PART) {
    let part: number | undefined;
    for (let slot = first; slot < first + PART; slot++) {
      const factor = a[slot];
      if (factor !== undefined) part = gpu.mulAdd(factor, b[slot] as number, part ?? 0);
    }
    if (part !== undefined) parts.push(part);
  }
  return chainSum(gpu, parts);
}

/** Rows that an invocation of a depthwise convolution goes down. */
const ROWS = 8;

/**
 * Slots of the terms. Zeros around x add nothing. Sums of products are added in fours, the terms in their order; those of
 * a depthwise convolution three taps of a row at a time. The weight's gradient is summed sample by
 * sample first, as it is of small weights; a depthwise one by pieces of strips of four columns.
 */
function ordersOf(x: Shape, weight: Shape, y: Shape, groups: number) {
  const [out, inner, height, width] = weight as [number, number, number, number];
  const [rows, cols] = y.slice(-2) as [number, number];
  const taps = height * width;
  const channels = out / groups;
  const isDepthwise = channels === 1 && inner === 1;
  const inThrees = (row: number, col: number) =>
    ((Math.floor(row / 3) * Math.ceil(width / 3) + Math.floor(col / 3)) * 3 + (row % 3)) * PART +
    (col % 3);
  const strips = Math.ceil(cols / 4);
  const pieces = Math.ceil(rows / ROWS);
  return {
    forward: (w: number) => {
      const tap = w % taps;
      return isDepthwise ? inThrees(Math.floor(tap / width), tap % width) : w % (inner * taps);
    },
    ofX: (w: number) => {
      const turned = taps - 1 - (w % taps);
      return isDepthwise
        ? inThrees(Math.floor(turned / width), turned % width)
        : (Math.floor(w / (inner * taps)) % channels) * taps + (w % taps);
    },
    ofWeight: (at: number, sample: number) => {
      const position = at % (rows * cols);
      if (!isDepthwise) return { of: sample, slot: position };
      const row = Math.floor(position / cols);
      const col = position % cols;
      const piece = sample * pieces + Math.floor(row / ROWS);
      return { of: piece * strips + Math.floor(col / 4), slot: row * PART + (col % 4) };
    },
    partsOfWeight: sizeOf(x.slice(0, -3)) * (isDepthwise ? strips * pieces : 1),
  };
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, { x, weight, bias }, params) => {
    const { shape, each } = productsOf(x.shape, weight.shape, params);
    const orders = ordersOf(x.shape, weight.shape, shape, params.groups);
    const sums = emptySums(sizeOf(shape));
    each((y, i, w) => {
      addTerm(sums[y], orders.forward(w), weight.data[w] as number, x.data[i] as number);
    });
    const data = Float64Array.from(sums, (terms) => sumOf(gpu, terms));
    const positions = sizeOf(shape.slice(-2));
    const withBias =
      bias &&
      data.map((sum, i) =>
        gpu.add(sum, bias.data[Math.floor(i / positions) % bias.data.length] as number),
      );
    return { y: { shape, data: withBias ?? data } };
  },
  backward: (gpu, { x, weight, bias }, params, { y: dy }) => {
    const orders = ordersOf(x.shape, weight.shape, dy.shape, params.groups);
    const sums = emptySums(x.data.length);
    const partial = Array.from({ length: orders.partsOfWeight }, () =>
      emptySums(weight.data.length),
    );
    productsOf(x.shape, weight.shape, params).each((y, i, w, n) => {
      const a = dy.data[y] as number;
      addTerm(sums[i], orders.ofX(w), a, weight.data[w] as number);
      const { of, slot } = orders.ofWeight(y, n);
      addTerm(partial[of]?.[w], slot, a, x.data[i] as number);
    });
    const dx = Float64Array.from(sums, (terms) => sumOf(gpu, terms));
    const dw = weight.data.map((_, w) =>
      sharedSum(
        gpu,
        partial.map((part) => sumOf(gpu, part[w] as Terms)),
      ),
    );
    return {
      x: { shape: x.shape, data: dx },
      weight: { shape: weight.shape, data: dw },
      ...(bias ? { bias: { shape: bias.shape, data: channelSums(gpu, dy) } } : {}),
    };
  },
  samples: [
    sample([2, 6, 9, 9], [5, 6, 3, 3], { padding: [1, 1, 1, 1] }, 'positive'),
    sample([1, 128, 4, 4], [3, 128, 3, 3], {}, 'positive'),
    sample([4, 2, 33, 17], [2, 1, 2, 2], { groups: 2 }, 'normal'),
  ],
});
