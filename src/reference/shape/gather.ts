import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { FLUSH, gamma, HALF_EPS } from '../bounds.ts';
import type { OpRecord, Sample, Value, Values } from '../record.ts';
import { drawTensor, type Elements } from '../simulation/draw.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { chainSum } from '../simulation/sums.ts';

/** The vocabulary's parameters of gather. */
interface GatherParams {
  readonly axis?: number;
}

/** For each element of y, which element of x it is. Indices beyond the ends read the nearest element. */
function sourcesOf(inputs: Values, { axis = 0 }: GatherParams): { readonly shape: Shape; readonly from: Int32Array } {
  const [x, indices] = [inputs['x'] as Value, inputs['indices'] as Value];
  const at = axis < 0 ? axis + x.shape.length : axis;
  const [size, inner, count] = [x.shape[at] as number, sizeOf(x.shape.slice(at + 1)), indices.data.length];
  const shape = [...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)];
  const from = Int32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const [outer, j, k] = [Math.floor(i / (count * inner)), Math.floor(i / inner) % count, i % inner];
    const index = indices.data[j] as number;
    const row = Math.min(Math.max(index < 0 ? index + size : index, 0), size - 1);
    return (outer * size + row) * inner + k;
  });
  return { shape, from };
}

/** The sum over the elements of y that come from each element of x. */
function scattered(inputs: Values, params: GatherParams, dy: ArrayLike<number>): Float64Array {
  const sums = new Float64Array((inputs['x'] as Value).data.length);
  sourcesOf(inputs, params).from.forEach((source, i) => {
    sums[source] = (sums[source] as number) + (dy[i] as number);
  });
  return sums;
}

interface Draw {
  readonly layer?: 'exact' | 'legal';
  readonly x: Shape;
  readonly indices: Shape;
  readonly axis?: number;
  /** How far indices reach beyond both ends. */
  readonly outside?: number;
  readonly dtype?: 'f32' | 'i32';
  readonly elements?: Elements;
}

function sample({ layer = 'legal', x, indices, axis = 0, outside = 0, dtype = 'f32', elements }: Draw): Sample<GatherParams> {
  const size = x.at(axis) as number;
  const draw = (random: Random, shape: Shape, of: 'f32' | 'i32') =>
    hostTensorFrom(
      of,
      shape,
      random.fill(sizeOf(shape), () => random.integer(-99, 99)),
    );
  const places = { x: { shape: x, data: new Float64Array(0) }, indices: { shape: indices, data: new Float64Array(sizeOf(indices)) } };
  const shape = sourcesOf(places, { axis }).shape;
  return {
    layer,
    label: {
      x: formatShape(x),
      indices: formatShape(indices),
      axis,
      ...(outside ? { outside } : {}),
      ...(dtype === 'f32' ? {} : { dtype }),
    },
    params: axis === 0 ? {} : { axis },
    inputs: (random) => ({
      x: draw(random, x, dtype),
      indices: hostTensorFrom(
        'i32',
        indices,
        random.fill(sizeOf(indices), () => random.integer(-size - outside, size - 1 + outside)),
      ),
    }),
    ...(dtype === 'f32'
      ? { grads: (random) => ({ y: layer === 'exact' ? draw(random, shape, 'f32') : drawTensor(random, shape, elements) }) }
      : {}),
  };
}

/** ONNX's Gather. */
export const record: OpRecord<GatherParams> = {
  name: 'gather',
  family: 'shape',
  summary: 'y = x at indices along an axis',
  inputs: { x: { dtypes: ['f32', 'i32'], differentiable: true }, indices: { dtypes: ['i32'] } },
  outputs: { y: { dtypes: ['f32', 'i32'] } },
  forward: (inputs, params) => {
    const { shape, from } = sourcesOf(inputs, params);
    const x = inputs['x'] as Value;
    return { y: { shape, data: Float64Array.from(from, (source) => x.data[source] as number) } };
  },
  acceptance: () => ({ y: { kind: 'exact' } }),
  vjp: (inputs, params, grads) => ({
    x: { shape: (inputs['x'] as Value).shape, data: scattered(inputs, params, (grads['y'] as Value).data) },
  }),
  // As of embedding: a sum of n terms is n - 1 additions, one level less than the depth of n products.
  vjpAcceptance: (inputs, _gradients, params, grads, { depth }) => {
    const dy = (grads['y'] as Value).data;
    const condition = scattered(inputs, params, dy.map(Math.abs));
    const counts = scattered(inputs, params, new Float64Array(dy.length).fill(1));
    const levels = counts.map((n) => (n > 1 ? depth(n) - 1 : 0));
    const bound = condition.map((x, i) => gamma(levels[i] as number) * x + FLUSH * (counts[i] as number));
    const typical = condition.map((x, i) => 4 * Math.sqrt(levels[i] as number) * HALF_EPS * x + FLUSH * (counts[i] as number));
    return { x: { kind: 'within', bound, typical } };
  },
  samples: [
    sample({ layer: 'exact', x: [7, 37], indices: [11] }),
    sample({ layer: 'exact', x: [5, 6, 7], indices: [2, 3], axis: 1 }),
    sample({ layer: 'exact', x: [5, 128], indices: [4], axis: -1, outside: 3 }),
    sample({ layer: 'exact', x: [1], indices: [1] }),
    sample({ layer: 'exact', x: [64, 3], indices: [128], dtype: 'i32' }),
    sample({ x: [3, 4, 2], indices: [70], axis: 1 }),
  ],
  faults: [
    { name: 'the next row', shader: { file: 'nn/embedding', from: 'i % dims.width]', to: 'i % dims.width + 1u]' } },
    {
      name: 'the next gradient',
      direction: 'backward',
      shader: { file: 'nn/embedding_backward', from: '+ column]', to: '+ column + 1u]' },
    },
  ],
  wrongValues: [
    {
      name: 'indices off by one',
      apply: (inputs, params) => {
        const indices = inputs['indices'] as Value;
        return { inputs: { ...inputs, indices: { ...indices, data: indices.data.map((i) => i + 1) } }, params };
      },
    },
    {
      name: 'negative indices read the first',
      apply: (inputs, params) => {
        const indices = inputs['indices'] as Value;
        return { inputs: { ...inputs, indices: { ...indices, data: indices.data.map((i) => Math.max(i, 0)) } }, params };
      },
    },
    {
      name: 'x wrong by 2e-5',
      apply: (inputs, params) => {
        const x = inputs['x'] as Value;
        return { inputs: { ...inputs, x: { ...x, data: x.data.map((value) => value * (1 + 2e-5)) } }, params };
      },
    },
    {
      name: 'indices along the first axis',
      apply: (inputs, params) => {
        const x = inputs['x'] as Value;
        const [outer = 1, ...rest] = x.shape;
        return {
          inputs: { ...inputs, x: params.axis ? { ...x, shape: [...rest.toReversed(), outer] } : x },
          params: params.axis ? { axis: 0 } : { axis: -1 },
        };
      },
    },
  ],
};

/** The terms of an element are added in ascending order. */
export const simulation: Simulation<GatherParams> = {
  op: 'gather',
  forward: (_gpu, inputs, params) => record.forward(inputs, params),
  backward: (gpu, inputs, params, grads) => {
    const [x, dy] = [inputs['x'] as Value, (grads['y'] as Value).data];
    const terms = Array.from({ length: x.data.length }, (): number[] => []);
    sourcesOf(inputs, params).from.forEach((source, i) => {
      terms[source]?.push(dy[i] as number);
    });
    return { x: { shape: x.shape, data: Float64Array.from(terms, (own) => chainSum(gpu, own)) } };
  },
  samples: [
    sample({ x: [3, 7], indices: [2000], elements: 'positive' }),
    sample({ x: [5, 16, 8], indices: [600], axis: 1, elements: 'positive' }),
  ],
};
