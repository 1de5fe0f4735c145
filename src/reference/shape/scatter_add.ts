import { formatShape, type Shape } from '../../tensor/shape.ts';
import { scatterAdd as signature } from '../../vocabulary/shape/scatter_add.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { drawIntegersOf, integerTypeOf, wrapped } from '../integers.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import { drawTensor, type Elements } from '../simulation/draw.ts';
import { chainSum } from '../simulation/sums.ts';
import {
  alongAnother,
  drawIndices,
  drawIntegers,
  elementsAlong,
  elementsWithin,
  sumsAt,
  sumsWithin,
  TERMS_TWICE,
  termsAt,
} from './along.ts';

type Added = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

/** Of each index the element of src that is added. */
function termsOf(src: Value, indices: Value): (i: number) => number {
  const elements = elementsWithin(src.shape, indices.shape);
  return (i) => src.data[elements[i] as number] as number;
}

/** dy itself, and for src dy at the indices: 0 for what lies beyond them. */
function gradients({ x, indices, src }: Added, { dim }: Params, dy: Value) {
  const data = new Float64Array(src.data.length);
  const elements = elementsAlong(x.shape, indices, dim);
  elementsWithin(src.shape, indices.shape).forEach((place, i) => {
    data[place] = dy.data[elements[i] as number] as number;
  });
  return { x: dy, src: { shape: src.shape, data } };
}

interface Draw {
  readonly level?: 'exact' | 'legal';
  readonly x: Shape;
  readonly indices: Shape;
  /** Default the indices' shape. */
  readonly src?: Shape;
  readonly dim: number;
  /** How far indices reach beyond both ends. */
  readonly outside?: number;
  readonly elements?: Elements;
}

function sample({
  level = 'exact',
  x,
  indices,
  src = indices,
  dim,
  outside = 0,
  elements,
}: Draw): SampleOf<typeof signature> {
  return {
    level,
    label: {
      x: formatShape(x),
      indices: formatShape(indices),
      ...(src === indices ? {} : { src: formatShape(src) }),
      dim,
      ...(outside ? { outside } : {}),
    },
    params: { dim },
    inputs: (random) => {
      const draw = (shape: Shape) =>
        level === 'exact' ? drawIntegers(random, shape) : drawTensor(random, shape, elements);
      return {
        x: draw(x),
        indices: drawIndices(random, indices, x.at(dim) as number, outside),
        src: draw(src),
      };
    },
    grads: (random) => ({
      y: level === 'exact' ? drawIntegers(random, x) : drawTensor(random, x),
    }),
  };
}

/** Integers of one or two types, in more than one workgroup. */
function integerSample(
  dtypes: readonly [x: 'i32' | 'i8', src: 'i32' | 'u8' | 'i8'],
): SampleOf<typeof signature> {
  return {
    level: 'exact',
    label: { x: '67x5', indices: '40x5', dim: 0, dtypes: dtypes.join() },
    integers: true,
    params: { dim: 0 },
    inputs: (random) => ({
      x: drawIntegersOf(random, [67, 5], dtypes[0]),
      indices: drawIndices(random, [40, 5], 67),
      src: drawIntegersOf(random, [40, 5], dtypes[1]),
    }),
  };
}

/** torch.Tensor.scatter_add; indices beyond the ends, which torch refuses, mean the nearest. */
export const record = defineRecord(signature, {
  summary: 'y = x with src added at indices along a dimension',
  forward: ({ x, indices, src }, { dim }) => {
    const sums = sumsAt(x.data, elementsAlong(x.shape, indices, dim), termsOf(src, indices));
    const type = integerTypeOf([x, src]);
    return {
      y: { shape: x.shape, data: type ? sums.map((sum) => wrapped(sum, type)) : sums },
    };
  },
  acceptance: ({ x, indices, src }, _outputs, { dim }, { depth }) => {
    if (integerTypeOf([x, src])) return { y: { kind: 'exact' } };
    const places = elementsAlong(x.shape, indices, dim);
    return { y: sumsWithin(x.data, x.data.length, places, termsOf(src, indices), depth) };
  },
  vjp: (inputs, params, { y }) => gradients(inputs, params, y),
  vjpAcceptance: () => ({ x: { kind: 'exact' }, src: { kind: 'exact' } }),
  samples: [
    sample({ x: [7, 5], indices: [11, 4], dim: 0 }),
    sample({ x: [3, 5, 6], indices: [2, 9, 6], src: [3, 9, 8], dim: 1 }),
    sample({ x: [3, 5, 6], indices: [3, 4, 7], dim: -1, outside: 3 }),
    sample({ x: [1], indices: [1], dim: 0 }),
    integerSample(['i32', 'i32']),
    integerSample(['i8', 'i8']),
    { ...integerSample(['i32', 'u8']), tier: 'full' },
    sample({ level: 'legal', x: [5, 33], indices: [130, 33], dim: 0 }),
  ],
  faults: [
    TERMS_TWICE,
    {
      name: 'the next row',
      direction: 'backward',
      shader: {
        file: 'shape/take_along',
        from: 'place.x + row * dims.row_stride',
        to: 'place.x + (row ^ 1u) * dims.row_stride',
      },
    },
  ],
  plausibleBugs: [
    inputBug('indices off by one', 'indices', (index) => index + 1),
    inputBug('src in the place of x', 'x', (x) => x * 0),
    inputBug('src wrong by 2e-5', 'src', (x) => x * (1 + 2e-5)),
    alongAnother(),
  ],
});

/** The terms of an element are added to it in ascending order. */
export const simulation = defineSimulation(signature, {
  forward: (gpu, { x, indices, src }, { dim }) => {
    const places = elementsAlong(x.shape, indices, dim);
    const terms = termsAt(x.data.length, places, termsOf(src, indices));
    const data = x.data.map((start, i) => chainSum(gpu, [start, ...(terms[i] ?? [])]));
    return { y: { shape: x.shape, data } };
  },
  backward: (_gpu, inputs, params, grads) => gradients(inputs, params, grads.y),
  samples: [
    sample({ level: 'legal', x: [3, 7], indices: [2000, 7], dim: 0, elements: 'positive' }),
    sample({ level: 'legal', x: [5, 16], indices: [5, 600], dim: 1, elements: 'positive' }),
  ],
});
