import { filledTensor } from '../../tensor/host.ts';
import { philox } from '../../tensor/philox.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { numberNow } from '../../vocabulary/live-number.ts';
import { dropout as signature } from '../../vocabulary/nn/dropout.ts';
import type { GivenParams, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';

type Params = ParamsOf<typeof signature>;

const high = (n: number): number => Math.floor(n / 2 ** 32);

/**
 * What each element is multiplied by: 0, or 1 / (1 - p) where its random word is p 2^32 or more.
 */
function factors(data: Float64Array, { p, seed, offset }: Params): Float64Array {
  const start = numberNow(offset);
  const threshold = Math.round(p * 2 ** 32);
  const kept = 1 / (1 - p);
  let words: readonly number[] = [];
  return data.map((_, i) => {
    if (i % 4 === 0) words = philox([i / 4, 0, start >>> 0, high(start)], [seed | 0, high(seed)]);
    return (words[i % 4] as number) >= threshold ? kept : 0;
  });
}

function masked(x: Value, params: Params): Value {
  const factor = factors(x.data, params);
  return { shape: x.shape, data: x.data.map((value, i) => value * (factor[i] as number)) };
}

/** The scale is rounded, and the product with it; what is dropped is 0. */
const bounds = ({ data }: Value): Float64Array =>
  data.map((y) => (y === 0 ? 0 : 2 * EPS * Math.abs(y) + FLUSH));

function sample(
  level: 'exact' | 'legal',
  x: Shape,
  params: GivenParams<typeof signature> & { readonly offset?: number },
): SampleOf<typeof signature> {
  return {
    level,
    label: { x: formatShape(x), ...params },
    params,
    inputs: (random) => ({
      x: filledTensor('f32', x, () =>
        level === 'exact' ? random.integer(1, 99) : random.normal(),
      ),
    }),
    grads: (random) => ({
      y: filledTensor('f32', x, () => random.integer(1, 99)),
    }),
  };
}

/** torch.nn.functional.dropout, with the project's generator. */
export const record = defineRecord(signature, {
  summary: 'y = x / (1 - p), and 0 with probability p',
  forward: (inputs, params) => ({ y: masked(inputs.x, params) }),
  acceptance: (_inputs, outputs) => ({
    y: { kind: 'within', bound: bounds(outputs.y) },
  }),
  vjp: (_inputs, params, grads) => ({ x: masked(grads.y, params) }),
  vjpAcceptance: (_inputs, _gradients, params, grads) => ({
    x: { kind: 'within', bound: bounds(masked(grads.y, params)) },
  }),
  samples: [
    sample('exact', [8, 128], { p: 0.5, seed: 1 }),
    sample('exact', [7, 37], { p: 0.5, seed: 2 ** 40 + 12345, offset: 2 ** 33 + 7 }),
    sample('exact', [9], { p: 0, seed: 3, offset: 1 }),
    sample('exact', [10], { p: 1, seed: 4 }),
    // A probability at which the second element's word is the threshold itself.
    sample('legal', [6], { p: philox([0, 0, 0, 0], [5, 0])[1] / 2 ** 32, seed: 5 }),
    sample('legal', [3, 65], { p: 0.75, seed: 6 }),
    sample('legal', [5, 103], { p: 0.1, seed: 2 ** 32 - 1, offset: 99 }),
  ],
  faults: [
    {
      name: 'the opposite mask',
      shader: {
        file: 'nn/dropout',
        from: 'vec4f(), x * scale, words',
        to: 'x * scale + 1.0, vec4f(), words',
      },
    },
    {
      name: 'the opposite mask of the gradient',
      direction: 'backward',
      shader: {
        file: 'nn/dropout',
        from: 'vec4f(), x * scale, words',
        to: 'x * scale + 1.0, vec4f(), words',
      },
    },
  ],
  plausibleBugs: [
    paramsBug('another seed', (params) => ({ ...params, seed: params.seed + 1 })),
    paramsBug('high word of the seed dropped', (params) => ({
      ...params,
      seed: params.seed % 2 ** 32,
    })),
    paramsBug('another offset', (params) => ({
      ...params,
      offset: numberNow(params.offset) + 1,
    })),
    paramsBug('p wrong by 2e-5', (params) => ({ ...params, p: params.p * (1 - 2e-5) })),
    inputBug('x wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
  ],
});

export const simulation = defineSimulation(signature, {
  forward: (gpu, { x }, params) => {
    const factor = factors(x.data, params);
    return {
      y: { ...x, data: x.data.map((value, i) => gpu.mul(value, Math.fround(factor[i] as number))) },
    };
  },
  backward: (gpu, _inputs, params, { y: dy }) => {
    const factor = factors(dy.data, params);
    return {
      x: {
        ...dy,
        data: dy.data.map((value, i) => gpu.mul(value, Math.fround(factor[i] as number))),
      },
    };
  },
});
