import { coordinatesOf, formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import {
  type PadMode,
  paddedShape,
  paddingOf,
  pad as signature,
} from '../../vocabulary/shape/pad.ts';
import {
  completed,
  type GivenParams,
  type InputsOf,
  type ParamsOf,
} from '../../vocabulary/signature.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import { drawTensor, type Elements } from '../simulation/draw.ts';
import { drawIntegers, sumsAt, sumsWithin } from './along.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

/** Along a dimension of x: its size, and how many lie before and after. */
type Side = readonly [n: number, before: number, after: number];

/** The place along a dimension of x that the one at `at` of y repeats, or -1. */
function sourceOf(at: number, [n, before, after]: Side, mode: PadMode): number {
  const place = at - before;
  if (mode === 'circular') {
    const first = Math.max(-before, 0);
    const left = n - first - Math.max(-after, 0);
    return first + ((place - first + left) % left);
  }
  if (place >= 0 && place < n) return place;
  if (mode === 'constant') return -1;
  if (mode === 'replicate') return place < 0 ? 0 : n - 1;
  return place < 0 ? -place : 2 * n - 2 - place;
}

const sidesOf = (x: Shape, params: Params): readonly Side[] =>
  paddingOf(x.length, params).map(([before, after], d) => [x[d] as number, before, after]);

/** For each element of y, which element of x it repeats, or -1. */
function elementsOf(x: Shape, params: Params): Int32Array {
  const shape = paddedShape(x, params);
  const sides = sidesOf(x, params);
  return Int32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const places = coordinatesOf(i, shape).map((c, d) =>
      sourceOf(c, sides[d] as Side, params.mode),
    );
    if (places.includes(-1)) return -1;
    return places.reduce((flat, place, d) => flat * (x[d] as number) + place, 0);
  });
}

/** The elements of y that repeat one of x, and which. */
function repeated({ x }: Inputs, params: Params, dy: Value) {
  const elements = elementsOf(x.shape, params);
  const inside = Array.from(elements.keys()).filter((i) => (elements[i] as number) >= 0);
  return {
    places: Int32Array.from(inside, (i) => elements[i] as number),
    term: (i: number) => dy.data[inside[i] as number] as number,
  };
}

function padded({ x }: Inputs, params: Params): { readonly y: Value } {
  const value = x.dtype === 'i32' ? params.value : Math.fround(params.value);
  const data = Float64Array.from(elementsOf(x.shape, params), (element) =>
    element < 0 ? value : (x.data[element] as number),
  );
  return { y: { shape: paddedShape(x.shape, params), data } };
}

interface Draw {
  readonly level?: 'exact' | 'legal';
  readonly x: Shape;
  readonly params: GivenParams<typeof signature>;
  readonly dtype?: 'f32' | 'i32';
  readonly elements?: Elements;
}

function sample({
  level = 'exact',
  x,
  params,
  dtype = 'f32',
  elements,
}: Draw): SampleOf<typeof signature> {
  const { pad, mode, value } = params;
  const y = paddedShape(x, completed(signature, params));
  return {
    level,
    label: {
      x: formatShape(x),
      pad: pad.join() || 'none',
      ...(mode ? { mode } : {}),
      ...(value === undefined ? {} : { value }),
      ...(dtype === 'f32' ? {} : { dtype }),
    },
    params,
    inputs: (random) => ({ x: drawIntegers(random, x, dtype) }),
    ...(dtype === 'f32'
      ? {
          grads: (random) => ({
            y: level === 'exact' ? drawIntegers(random, y) : drawTensor(random, y, elements),
          }),
        }
      : {}),
  };
}

/** torch.nn.functional.pad. */
export const record = defineRecord(signature, {
  summary: 'y = x with a padding around it',
  forward: padded,
  acceptance: () => ({ y: { kind: 'exact' } }),
  vjp: (inputs, params, grads) => {
    const { x } = inputs;
    const { places, term } = repeated(inputs, params, grads.y);
    return { x: { shape: x.shape, data: sumsAt(new Float64Array(x.data.length), places, term) } };
  },
  vjpAcceptance: (inputs, _gradients, params, grads, { depth }) => {
    const { places, term } = repeated(inputs, params, grads.y);
    return { x: sumsWithin(undefined, inputs.x.data.length, places, term, depth) };
  },
  samples: [
    sample({ x: [5, 7], params: { pad: [2, 3, 1, 0], value: 0.3 } }),
    sample({ x: [3, 5, 7], params: { pad: [-2, 3, 1, -4] } }),
    sample({ x: [4, 4, 8], params: { pad: [2, -2, -1, 1], value: 4 }, dtype: 'i32' }),
    sample({ x: [4, 4, 8], params: { pad: [0, 0, 1, -1] } }),
    sample({ x: [3, 5, 7], params: { pad: [6, 2, 0, 4], mode: 'reflect' } }),
    sample({ x: [2, 3, 4], params: { pad: [5, 1, 0, 9, 1, 1], mode: 'replicate' } }),
    sample({ x: [3, 5, 4], params: { pad: [4, 3, 2, 5], mode: 'circular' } }),
    // What crops: torch repeats the whole of x, in a circular padding what is left of it.
    sample({ x: [2, 5, 7], params: { pad: [-2, 5, 4, -1], mode: 'reflect' } }),
    sample({ x: [9, 3], params: { pad: [0, 0, 8, -15], mode: 'reflect' } }),
    sample({ x: [2, 4, 5], params: { pad: [-4, 6, 7, -10], mode: 'replicate' } }),
    sample({ x: [5, 4, 3], params: { pad: [-1, 2, 2, -1, -2, -2], mode: 'circular' } }),
    sample({ x: [6, 4], params: { pad: [3, -1, -2, 3], mode: 'circular' }, dtype: 'i32' }),
    sample({ x: [1], params: { pad: [1, 1] } }),
    sample({ x: [3, 2], params: { pad: [] } }),
    sample({ level: 'legal', x: [7, 9], params: { pad: [70, 8], mode: 'replicate' } }),
  ],
  faults: [
    {
      name: 'more than x',
      shader: { file: 'shape/pad', from: 'y[i] = x[place];', to: 'y[i] = x[place] + 0x00100001u;' },
    },
    {
      name: 'terms twice',
      direction: 'backward',
      shader: { file: 'shape/pad_backward', from: 'sum += dy', to: 'sum += 2.0 * dy' },
    },
  ],
  plausibleBugs: [
    inputBug('x wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
    paramsBug('the first dimension first', (params) => ({
      ...params,
      pad: params.pad
        .flatMap((_, i) => (i % 2 ? [] : [params.pad.slice(i, i + 2)]))
        .toReversed()
        .flat(),
    })),
    paramsBug('zeros around', (params) => ({ ...params, mode: 'constant', value: 0 })),
    paramsBug('after before', (params) => ({
      ...params,
      pad: params.pad.map((_, i) => params.pad[i ^ 1] as number),
    })),
  ],
});

/** Terms of an element are added along one dimension after the other: before, its own, after. */
export const simulation = defineSimulation(signature, {
  forward: (_gpu, inputs, params) => padded(inputs, params),
  backward: (gpu, { x }, params, grads) => {
    let gradient: Value = grads.y;
    sidesOf(x.shape, params).forEach((side, d) => {
      const [n, before, after] = side;
      if (before === 0 && after === 0) return;
      const shape = gradient.shape.with(d, n);
      const stride = sizeOf(shape.slice(d + 1));
      const size = gradient.shape[d] as number;
      const { data } = gradient;
      gradient = {
        shape,
        data: Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
          const row = Math.floor(i / stride) % n;
          const first = Math.floor(i / stride / n) * size * stride + (i % stride);
          const sum = (start: number, end: number) => {
            let own = 0;
            for (let place = Math.max(start, 0); place < Math.min(end, size); place++)
              if (sourceOf(place, side, params.mode) === row)
                own = gpu.add(own, data[first + place * stride] as number);
            return own;
          };
          const own = row + before;
          return gpu.add(gpu.add(sum(0, before), sum(own, own + 1)), sum(before + n, size));
        }),
      };
    });
    return { x: gradient };
  },
  samples: [
    sample({
      level: 'legal',
      x: [7, 9],
      params: { pad: [2000, 8], mode: 'replicate' },
      elements: 'positive',
    }),
    sample({
      level: 'legal',
      x: [2, 30, 9],
      params: { pad: [8, 8, 29, 20], mode: 'reflect' },
      elements: 'positive',
    }),
  ],
});
