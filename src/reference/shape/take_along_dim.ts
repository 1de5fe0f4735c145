import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { takeAlongDim as signature } from '../../vocabulary/shape/take_along_dim.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { broadcastIndex } from '../broadcast.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { sumToSize } from '../matmul/multiply.simulation.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import { drawTensor, type Elements } from '../simulation/draw.ts';
import { chainSum } from '../simulation/sums.ts';
import {
  alongAnother,
  drawIndices,
  drawIntegers,
  elementsAlong,
  sumsAt,
  sumsWithin,
  termsAt,
} from './along.ts';

type Taken = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

/** The shape of what is taken. */
const shapeOf = (x: Shape, indices: Shape, dim: number): Shape =>
  indices.map((n, d) => (n === 1 && d !== (dim + x.length) % x.length ? (x[d] as number) : n));

/** Which element of x each that is taken is. */
function placesOf({ x, indices }: Taken, { dim }: Params): Int32Array {
  const shape = shapeOf(x.shape, indices.shape, dim);
  const data = Float64Array.from(
    { length: sizeOf(shape) },
    (_, i) => indices.data[broadcastIndex(i, shape, indices.shape)] as number,
  );
  return elementsAlong(x.shape, { shape, data }, dim);
}

function taken(inputs: Taken, params: Params): { readonly y: Value } {
  const { x, indices } = inputs;
  const data = Float64Array.from(placesOf(inputs, params), (element) => x.data[element] as number);
  return { y: { shape: shapeOf(x.shape, indices.shape, params.dim), data } };
}

interface Draw {
  readonly level?: 'exact' | 'legal';
  readonly x: Shape;
  readonly indices: Shape;
  readonly dim: number;
  /** How far indices reach beyond both ends. */
  readonly outside?: number;
  readonly dtype?: 'f32' | 'i32' | 'u8';
  readonly elements?: Elements;
  readonly tier?: 'full';
}

function sample({
  level = 'exact',
  x,
  indices,
  dim,
  outside = 0,
  dtype = 'f32',
  elements,
  tier,
}: Draw): SampleOf<typeof signature> {
  const y = shapeOf(x, indices, dim);
  return {
    level,
    ...(tier ? { tier } : {}),
    label: {
      x: formatShape(x),
      indices: formatShape(indices),
      dim,
      ...(outside ? { outside } : {}),
      ...(dtype === 'f32' ? {} : { dtype }),
    },
    params: { dim },
    inputs: (random) => ({
      x: level === 'exact' ? drawIntegers(random, x, dtype) : drawTensor(random, x),
      indices: drawIndices(random, indices, x.at(dim) as number, outside),
    }),
    ...(dtype === 'f32'
      ? {
          grads: (random) => ({
            y: level === 'exact' ? drawIntegers(random, y) : drawTensor(random, y, elements),
          }),
        }
      : {}),
  };
}

/** torch.take_along_dim and torch.gather; indices beyond the ends, which torch refuses, read the nearest element. */
export const record = defineRecord(signature, {
  summary: 'y = x at indices along a dimension, element by element',
  forward: taken,
  acceptance: () => ({ y: { kind: 'exact' } }),
  vjp: (inputs, params, { y: dy }) => ({
    x: {
      shape: inputs.x.shape,
      data: sumsAt(
        new Float64Array(inputs.x.data.length),
        placesOf(inputs, params),
        (i) => dy.data[i] as number,
      ),
    },
  }),
  // Terms that are not there are zeros, in whatever order they are added.
  vjpAcceptance: (inputs, _gradients, params, { y: dy }, { depth }) => ({
    x: sumsWithin(
      undefined,
      inputs.x.data.length,
      placesOf(inputs, params),
      (i) => dy.data[i] as number,
      depth,
    ),
  }),
  samples: [
    sample({ x: [7, 5], indices: [11, 4], dim: 0 }),
    sample({ x: [4, 4, 8], indices: [2, 9, 8], dim: 1 }),
    sample({ x: [3, 5, 6], indices: [3, 4, 7], dim: -1, outside: 3 }),
    sample({ x: [1], indices: [1], dim: 0 }),
    sample({ x: [37], indices: [64], dim: 0, dtype: 'i32' }),
    sample({ x: [5], indices: [7], dim: 0, dtype: 'u8' }),
    sample({ level: 'legal', x: [5, 33], indices: [130, 33], dim: 0 }),
    // More lanes than are shared out, and so many that each invocation has several rows.
    sample({ x: [8200, 2], indices: [8200, 1], dim: 1 }),
    // Each repeats along a dimension of its own; one alone along two, of integers too.
    sample({ x: [4, 1, 6], indices: [1, 5, 9], dim: 2 }),
    sample({ x: [1, 7, 1], indices: [3, 4, 5], dim: 1 }),
    sample({ x: [3, 5, 4], indices: [1, 2, 1], dim: -2 }),
    sample({ x: [1, 5], indices: [6, 3], dim: 1, dtype: 'i32' }),
    sample({ level: 'legal', x: [1, 3], indices: [40, 30], dim: 1 }),
    sample({ x: [2000, 9], indices: [2000, 10], dim: 1, tier: 'full' }),
  ],
  faults: [
    {
      name: 'the next row',
      shader: {
        file: 'shape/take_along',
        from: 'place.x + row * dims.row_stride',
        to: 'place.x + (row ^ 1u) * dims.row_stride',
      },
    },
    {
      name: 'terms twice',
      direction: 'backward',
      shader: { file: 'shape/add_along', from: 'bitcast<f32>(dims.scale)', to: '2.0' },
    },
  ],
  plausibleBugs: [
    inputBug('indices off by one', 'indices', (index) => index + 1),
    inputBug('x wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
    alongAnother(),
  ],
});

/** The terms of an element are added in ascending order, then those of its repetitions. */
export const simulation = defineSimulation(signature, {
  forward: (_gpu, inputs, params) => taken(inputs, params),
  backward: (gpu, { x, indices }, params, { y: dy }) => {
    const dim = (params.dim + x.shape.length) % x.shape.length;
    const whole = dy.shape.with(dim, x.shape[dim] as number);
    const shape = x.shape.map((n, d) => (d !== dim && n === 1 ? (whole[d] as number) : n));
    const repeated = { shape, data: new Float64Array(sizeOf(shape)) };
    const places = placesOf({ x: repeated, indices }, params);
    const terms = termsAt(sizeOf(shape), places, (i) => dy.data[i] as number);
    const data = Float64Array.from(terms, (own) => chainSum(gpu, own));
    return { x: { ...sumToSize(gpu, { shape, data }, x.shape), shape: x.shape } };
  },
  samples: [
    sample({ level: 'legal', x: [3, 7], indices: [2000, 7], dim: 0, elements: 'positive' }),
    sample({ level: 'legal', x: [5, 16], indices: [5, 600], dim: 1, elements: 'positive' }),
  ],
});
