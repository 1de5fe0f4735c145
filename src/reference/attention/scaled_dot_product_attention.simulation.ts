import { sizeOf } from '../../tensor/shape.ts';
import { scaledDotProductAttention as signature } from '../../vocabulary/attention/scaled_dot_product_attention.ts';
import { defineSimulation } from '../define.ts';
import type { Value } from '../record.ts';
import { farExp } from '../simulation/far-exp.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { chainSum, dot } from '../simulation/sums.ts';
import {
  eachQuery,
  type Heads,
  type Problem,
  problemOf,
} from './scaled_dot_product_attention/problem.ts';
import { attentionSample } from './scaled_dot_product_attention/samples.ts';

type Place = readonly [batch: number, head: number, query: number];

/**
 * How a query attends to a key: its score, the slope of the cap, and the weight that the backward
 * pass uses.
 */
interface Weight {
  readonly key: number;
  readonly score: number;
  readonly slope: number;
  readonly p: number;
}

interface Row {
  readonly weights: readonly Weight[];
  readonly y: readonly number[];
}

function scoreOf(
  gpu: SimulatedGpu,
  problem: Problem,
  [b, h, i]: Place,
  key: number,
  added: number,
): Omit<Weight, 'p'> {
  const { q, k, group, scale, softcap, adds } = problem;
  const product = dot(
    gpu,
    'quads',
    q.value.data,
    q.at(b, h, i),
    k.value.data,
    k.at(b, Math.floor(h / group), key),
    q.width,
  );
  const raw = gpu.mul(scale, product);
  const mask = (score: number) => (adds ? gpu.add(score, added) : score);
  if (softcap === 0) return { key, score: mask(raw), slope: 1 };
  const t = farExp(gpu, -2 * Math.abs(gpu.div(raw, softcap)));
  const tanh = Math.sign(raw) * gpu.div(gpu.sub(1, t), gpu.add(1, t));
  const slope = gpu.div(4 * t, gpu.mul(gpu.add(1, t), gpu.add(1, t)));
  return { key, score: mask(gpu.mul(softcap, tanh)), slope };
}

/** Columns of v at a key. */
function valuesAt({ v, group }: Problem, [b, h]: Place, key: number): Float64Array {
  const first = v.at(b, Math.floor(h / group), key);
  return v.value.data.subarray(first, first + v.width);
}

/** How a variant goes through the keys. */
interface Tiles {
  /** Keys of a tile. Each lane has four neighbours among them, and adds up their weights. */
  readonly keys: number;
  /** The fours of a tile as they are added to a column: those of a part to each other before. */
  readonly parts: (column: number) => readonly (readonly number[])[];
  /** Adds up what the lanes have. */
  readonly across: (gpu: SimulatedGpu, lanes: readonly number[]) => number;
}

const TILES = {
  flash: {
    keys: 16,
    // A column's own lane first, then the lane beside it, the one across from there, and beside.
    parts: (column) => [0, 1, 3, 2].map((turn) => [(Math.floor(column / 4) % 4) ^ turn]),
    across: (gpu, [a = 0, b = 0, c = 0, d = 0]) => gpu.add(gpu.add(a, b), gpu.add(c, d)),
  },
  tiled: {
    keys: 32,
    parts: () => [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ],
    across: chainSum,
  },
} as const satisfies Readonly<Record<string, Tiles>>;

/** Keys a tile at a time, with a running maximum to which sums are rescaled. */
function tiledRow(
  gpu: SimulatedGpu,
  problem: Problem,
  at: Place,
  scores: readonly Omit<Weight, 'p'>[],
  { keys, parts, across }: Tiles,
): Row {
  let largest = Number.NEGATIVE_INFINITY;
  let totals = new Array<number>(keys / 4).fill(0);
  let sums = new Array<number>(problem.v.width).fill(0);
  for (let from = 0; from < problem.k.length; from += keys) {
    const tile = scores.filter(({ key }) => key >= from && key < from + keys);
    const before = largest;
    largest = tile.reduce((most, { score }) => Math.max(most, score), largest);
    const rescale =
      largest === before
        ? 1
        : farExp(gpu, Number.isFinite(before) ? gpu.sub(before, largest) : -104);
    const weights = tile.map(({ key, score }) => ({
      key,
      weight: farExp(gpu, gpu.sub(score, largest)),
    }));
    const ofFour = (four: number) =>
      weights.filter(({ key }) => Math.floor((key - from) / 4) === four);
    totals = totals.map((total, lane) => {
      const own = ofFour(lane).map(({ weight }) => weight);
      return gpu.add(gpu.mul(total, rescale), chainSum(gpu, own));
    });
    sums = sums.map((sum, c) => {
      const product = (four: number) =>
        ofFour(four).reduce(
          (y, { key, weight }) => gpu.mulAdd(weight, valuesAt(problem, at, key)[c] as number, y),
          0,
        );
      const sumsOfParts = parts(c).map((fours) => chainSum(gpu, fours.map(product)));
      return chainSum(gpu, [gpu.mul(sum, rescale), ...sumsOfParts]);
    });
  }
  const total = across(gpu, totals);
  const weights = scores.map((score) => ({
    ...score,
    p: gpu.div(farExp(gpu, gpu.sub(score.score, largest)), total),
  }));
  return { weights, y: sums.map((sum) => (total > 0 ? gpu.div(sum, total) : 0)) };
}

function rowOf(gpu: SimulatedGpu, problem: Problem, at: Place, variant: string): Row {
  const scores: Omit<Weight, 'p'>[] = [];
  for (let key = 0; key < problem.k.length; key++) {
    const added = problem.added(...at, key);
    if (added !== undefined) scores.push(scoreOf(gpu, problem, at, key, added));
  }
  return tiledRow(gpu, problem, at, scores, variant === 'flash' ? TILES.flash : TILES.tiled);
}

const zeros = ({ value: { shape } }: Heads): Value => ({
  shape,
  data: new Float64Array(sizeOf(shape)),
});

/** sums[at + c] += weight * x[from + c]. */
function addRow(
  gpu: SimulatedGpu,
  { data }: Value,
  at: number,
  weight: number,
  { value, width }: Heads,
  from: number,
): void {
  for (let c = 0; c < width; c++)
    data[at + c] = gpu.mulAdd(weight, value.data[from + c] as number, data[at + c] as number);
}

function gradientsOf(gpu: SimulatedGpu, problem: Problem, dy: Value, variant: string) {
  const { q, k, v, y, group, scale, maskAt, maskShape } = problem;
  const mask: Value = { shape: maskShape, data: new Float64Array(sizeOf(maskShape)) };
  const gradOutput: Heads = { ...y, value: dy };
  const gradients = { q: zeros(q), k: zeros(k), v: zeros(v) };
  eachQuery(problem, (...at) => {
    const [b, h, i] = at;
    const row = rowOf(gpu, problem, at, variant);
    const first = y.at(b, h, i);
    const delta = dot(gpu, 'chain', dy.data, first, Float64Array.from(row.y), 0, v.width);
    for (const { key, p, slope } of row.weights) {
      const shared = Math.floor(h / group);
      const dp = dot(gpu, 'quads', dy.data, first, v.value.data, v.at(b, shared, key), v.width);
      const unsloped = gpu.mul(p, gpu.sub(dp, delta));
      const ds = gpu.mul(unsloped, slope);
      const place = maskAt?.(...at, key);
      if (place !== undefined) mask.data[place] = gpu.add(mask.data[place] as number, unsloped);
      addRow(gpu, gradients.q, q.at(b, h, i), ds, k, k.at(b, shared, key));
      addRow(gpu, gradients.k, k.at(b, shared, key), ds, q, q.at(b, h, i));
      addRow(gpu, gradients.v, v.at(b, shared, key), p, gradOutput, first);
    }
  });
  const scaled = ({ shape, data }: Value): Value => ({
    shape,
    data: data.map((x) => gpu.mul(scale, x)),
  });
  return {
    ...{ q: scaled(gradients.q), k: scaled(gradients.k), v: gradients.v },
    ...(maskAt && { mask }),
  };
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params, variant) => {
    const problem = problemOf(inputs, params);
    const y = zeros(problem.y);
    eachQuery(problem, (...at) => {
      y.data.set(rowOf(gpu, problem, at, variant).y, problem.y.at(...at));
    });
    return { y };
  },
  backward: (gpu, inputs, params, grads, variant) =>
    gradientsOf(gpu, problemOf(inputs, params), grads.y, variant),
  samples: [
    attentionSample({ q: [1, 1, 5, 64], k: [1, 1, 128, 64], v: [1, 1, 128, 16] }),
    attentionSample({ q: [1, 1, 7, 4], k: [1, 1, 37, 4], v: [1, 1, 37, 31], deviation: 4 }),
    attentionSample({ q: [400, 1, 1, 1], k: [400, 1, 2, 1], v: [400, 1, 2, 1], deviation: 4 }),
    attentionSample({ q: [1, 1, 1, 2], k: [1, 1, 600, 2], v: [1, 1, 600, 4] }),
    attentionSample({
      ...{ q: [400, 1, 1, 1], k: [400, 1, 2, 1], v: [400, 1, 2, 1] },
      mask: ['added', [400, 1, 1, 2]],
    }),
  ],
});
