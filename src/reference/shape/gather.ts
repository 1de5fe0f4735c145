import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { gather as signature } from '../../vocabulary/shape/gather.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { FLUSH, gamma, HALF_EPS, sumLevels } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import { drawTensor, type Elements } from '../simulation/draw.ts';
import { chainSum } from '../simulation/sums.ts';

type Gathered = InputsOf<typeof signature, Value>;
type Along = ParamsOf<typeof signature>;

/**
 * For each element of y, which element of x it is. Indices beyond the ends read the nearest
 * element.
 */
function sourcesOf(
  { x, indices }: Gathered,
  { axis }: Along,
): { readonly shape: Shape; readonly from: Int32Array } {
  const at = axis < 0 ? axis + x.shape.length : axis;
  const size = x.shape[at] as number;
  const inner = sizeOf(x.shape.slice(at + 1));
  const count = indices.data.length;
  const shape = [...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)];
  const from = Int32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const outer = Math.floor(i / (count * inner));
    const j = Math.floor(i / inner) % count;
    const k = i % inner;
    const index = indices.data[j] as number;
    const row = Math.min(Math.max(index < 0 ? index + size : index, 0), size - 1);
    return (outer * size + row) * inner + k;
  });
  return { shape, from };
}

function gathered(inputs: Gathered, params: Along): { readonly y: Value } {
  const { shape, from } = sourcesOf(inputs, params);
  const data = Float64Array.from(from, (source) => inputs.x.data[source] as number);
  return { y: { shape, data } };
}

/** The sum over the elements of y that come from each element of x. */
function scattered(inputs: Gathered, params: Along, dy: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(inputs.x.data.length);
  sourcesOf(inputs, params).from.forEach((source, i) => {
    sums[source] = (sums[source] as number) + (dy[i] as number);
  });
  return sums;
}

interface Draw {
  readonly level?: 'exact' | 'legal';
  readonly x: Shape;
  readonly indices: Shape;
  readonly axis?: number;
  /** How far indices reach beyond both ends. */
  readonly outside?: number;
  readonly dtype?: 'f32' | 'i32' | 'u8';
  readonly elements?: Elements;
}

function sample({
  level = 'legal',
  x,
  indices,
  axis = 0,
  outside = 0,
  dtype = 'f32',
  elements,
}: Draw): SampleOf<typeof signature> {
  const size = x.at(axis) as number;
  const draw = (random: Random, shape: Shape, of: 'f32' | 'i32' | 'u8') =>
    filledTensor(of, shape, () => random.integer(-99, 99));
  const places = {
    x: { shape: x, data: new Float64Array(0) },
    indices: { shape: indices, data: new Float64Array(sizeOf(indices)) },
  };
  const shape = sourcesOf(places, { axis }).shape;
  return {
    level,
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
      indices: filledTensor('i32', indices, () =>
        random.integer(-size - outside, size - 1 + outside),
      ),
    }),
    ...(dtype === 'f32'
      ? {
          grads: (random) => ({
            y: level === 'exact' ? draw(random, shape, 'f32') : drawTensor(random, shape, elements),
          }),
        }
      : {}),
  };
}

/** ONNX's Gather. */
export const record = defineRecord(signature, {
  summary: 'y = x at indices along an axis',
  forward: gathered,
  acceptance: () => ({ y: { kind: 'exact' } }),
  vjp: (inputs, params, grads) => ({
    x: { shape: inputs.x.shape, data: scattered(inputs, params, grads.y.data) },
  }),
  vjpAcceptance: (inputs, _gradients, params, grads, { depth }) => {
    const dy = grads.y.data;
    const condition = scattered(inputs, params, dy.map(Math.abs));
    const counts = scattered(
      inputs,
      params,
      dy.map(() => 1),
    );
    const levels = counts.map((n) => sumLevels(n, depth));
    const bound = condition.map(
      (x, i) => gamma(levels[i] as number) * x + FLUSH * (counts[i] as number),
    );
    const typical = condition.map(
      (x, i) => 4 * Math.sqrt(levels[i] as number) * HALF_EPS * x + FLUSH * (counts[i] as number),
    );
    return { x: { kind: 'within', bound, typical } };
  },
  samples: [
    sample({ level: 'exact', x: [7, 37], indices: [11] }),
    sample({ level: 'exact', x: [5, 6, 7], indices: [2, 3], axis: 1 }),
    sample({ level: 'exact', x: [5, 128], indices: [4], axis: -1, outside: 3 }),
    sample({ level: 'exact', x: [1], indices: [1] }),
    sample({ level: 'exact', x: [64, 3], indices: [128], dtype: 'i32' }),
    sample({ level: 'exact', x: [5, 3], indices: [7], dtype: 'u8' }),
    sample({ x: [3, 4, 2], indices: [70], axis: 1 }),
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
      name: 'the next gradient',
      direction: 'backward',
      shader: {
        file: 'nn/embedding_backward',
        from: 'i % dims.width;',
        to: 'i % dims.width + 1u;',
      },
    },
  ],
  plausibleBugs: [
    inputBug('indices off by one', 'indices', (index) => index + 1),
    inputBug('negative indices read the first', 'indices', (index) => Math.max(index, 0)),
    inputBug('x wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
    {
      name: 'indices along the first axis',
      apply: ({ x, indices }, { axis }) => {
        const [outer = 1, ...rest] = x.shape;
        return {
          inputs: { indices, x: axis ? { ...x, shape: [...rest.toReversed(), outer] } : x },
          params: { axis: axis ? 0 : -1 },
        };
      },
    },
  ],
});

/** The terms of an element are added in ascending order. */
export const simulation = defineSimulation(signature, {
  forward: (_gpu, inputs, params) => gathered(inputs, params),
  backward: (gpu, inputs, params, grads) => {
    const { x } = inputs;
    const dy = grads.y.data;
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
});
