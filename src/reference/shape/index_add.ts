import { formatShape, type Shape } from '../../tensor/shape.ts';
import { indexAdd as signature } from '../../vocabulary/shape/index_add.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, HALF_EPS } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { drawIntegersOf, integerTypeOf, wrapped } from '../integers.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import { drawTensor, type Elements } from '../simulation/draw.ts';
import {
  alongAnother,
  drawIndices,
  drawIntegers,
  placesOfSlices,
  sumsAt,
  sumsWithin,
  TERMS_TWICE,
  termsAt,
} from './along.ts';

type Added = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

/**
 * Where each element of source is added, and what is: alpha is a float32 to the kernels, and beside
 * integers one of 32 bits, whose products wrap.
 */
function termsOf({ x, index, source }: Added, { dim, alpha }: Params) {
  const type = integerTypeOf([x, source]);
  const rounded = type ? alpha : Math.fround(alpha);
  const times = type ? Math.imul : (a: number, b: number) => a * b;
  return {
    type,
    places: placesOfSlices(x.shape, source.shape, index, dim),
    term: (i: number) => times(rounded, source.data[i] as number),
    alpha: rounded,
  };
}

/** alpha times dy at the slices. */
function gradientOfSource(inputs: Added, params: Params, dy: Value): Value {
  const { places, alpha } = termsOf(inputs, params);
  return {
    shape: inputs.source.shape,
    data: Float64Array.from(places, (place) => alpha * (dy.data[place] as number)),
  };
}

interface Draw {
  readonly level?: 'exact' | 'legal';
  readonly x: Shape;
  readonly slices: number;
  readonly dim: number;
  readonly alpha?: number;
  /** How far indices reach beyond both ends. */
  readonly outside?: number;
  readonly elements?: Elements;
}

function sample({
  level = 'exact',
  x,
  slices,
  dim,
  alpha,
  outside = 0,
  elements,
}: Draw): SampleOf<typeof signature> {
  const at = dim < 0 ? dim + x.length : dim;
  const source = x.with(at, slices);
  const given = alpha === undefined ? {} : { alpha };
  return {
    level,
    label: { x: formatShape(x), slices, dim, ...given, ...(outside ? { outside } : {}) },
    params: { dim, ...given },
    inputs: (random) => {
      const draw = (shape: Shape) =>
        level === 'exact' ? drawIntegers(random, shape) : drawTensor(random, shape, elements);
      return {
        x: draw(x),
        index: drawIndices(random, [slices], x[at] as number, outside),
        source: draw(source),
      };
    },
    grads: (random) => ({
      y: level === 'exact' ? drawIntegers(random, x) : drawTensor(random, x),
    }),
  };
}

/** Integers of one type; the products with alpha wrap. */
function integerSample(dtype: 'i32' | 'u8', alpha: number): SampleOf<typeof signature> {
  return {
    level: 'exact',
    label: { x: '67x5', slices: 40, dim: 0, alpha, dtype },
    integers: true,
    params: { dim: 0, alpha },
    inputs: (random) => ({
      x: drawIntegersOf(random, [67, 5], dtype),
      index: drawIndices(random, [40], 67),
      source: drawIntegersOf(random, [40, 5], dtype),
    }),
  };
}

/** torch.index_add; indices beyond the ends, which torch refuses, mean the nearest slice. */
export const record = defineRecord(signature, {
  summary: 'y = x with slices of source, times alpha, added at index along a dimension',
  forward: (inputs, params) => {
    const { type, places, term } = termsOf(inputs, params);
    const sums = sumsAt(inputs.x.data, places, term);
    return {
      y: { shape: inputs.x.shape, data: type ? sums.map((sum) => wrapped(sum, type)) : sums },
    };
  },
  acceptance: (inputs, _outputs, params, { depth }) => {
    const { x } = inputs;
    const { type, places, term } = termsOf(inputs, params);
    if (type) return { y: { kind: 'exact' } };
    return { y: sumsWithin(x.data, x.data.length, places, term, depth, 1) };
  },
  vjp: (inputs, params, { y: dy }) => ({ x: dy, source: gradientOfSource(inputs, params, dy) }),
  vjpAcceptance: (inputs, _gradients, params, { y: dy }) => {
    const { data } = gradientOfSource(inputs, params, dy);
    return {
      x: { kind: 'exact' },
      source: {
        kind: 'within',
        bound: data.map((x) => EPS * Math.abs(x) + 2 * FLUSH),
        typical: data.map((x) => HALF_EPS * Math.abs(x) + 2 * FLUSH),
      },
    };
  },
  samples: [
    sample({ x: [7, 5], slices: 11, dim: 0 }),
    sample({ x: [3, 5, 6], slices: 4, dim: 1, alpha: -3 }),
    sample({ x: [3, 5, 6], slices: 7, dim: -1, alpha: 0.5, outside: 3 }),
    sample({ x: [1], slices: 1, dim: 0 }),
    integerSample('i32', -65537),
    integerSample('u8', 3),
    sample({ level: 'legal', x: [5, 33], slices: 70, dim: 0, alpha: 0.3 }),
  ],
  faults: [
    TERMS_TWICE,
    {
      name: 'gradients negated',
      direction: 'backward',
      shader: {
        file: 'shape/take_along',
        from: 'dims.scale * bitcast',
        to: '-dims.scale * bitcast',
      },
    },
  ],
  plausibleBugs: [
    inputBug('index off by one', 'index', (index) => index + 1),
    inputBug('source in the place of x', 'x', (x) => x * 0),
    inputBug('source wrong by 2e-5', 'source', (x) => x * (1 + 2e-5)),
    paramsBug('no alpha', ({ dim }) => ({ dim, alpha: 1 })),
    alongAnother(),
  ],
});

/** The terms of an element are added to it in ascending order. */
export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => {
    const { x, source } = inputs;
    const { places, alpha } = termsOf(inputs, params);
    const terms = termsAt(x.data.length, places, (i) => source.data[i] as number);
    const data = x.data.map((start, i) =>
      (terms[i] ?? []).reduce((sum, term) => gpu.mulAdd(alpha, term, sum), start),
    );
    return { y: { shape: x.shape, data } };
  },
  backward: (gpu, inputs, params, { y: dy }) => {
    const { places, alpha } = termsOf(inputs, params);
    const data = Float64Array.from(places, (place) => gpu.mul(alpha, dy.data[place] as number));
    return { x: dy, source: { shape: inputs.source.shape, data } };
  },
  samples: [
    sample({ level: 'legal', x: [3, 7], slices: 2000, dim: 0, alpha: 0.3, elements: 'positive' }),
    sample({ level: 'legal', x: [5, 16], slices: 600, dim: 1, elements: 'positive' }),
  ],
});
