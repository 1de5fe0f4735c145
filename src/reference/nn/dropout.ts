import { hostTensorFrom } from '../../tensor/host.ts';
import { philox } from '../../tensor/philox.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { EPS, FLUSH } from '../bounds.ts';
import type { OpRecord, Sample, Value } from '../record.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { wrongParams } from '../wrong-value.ts';

interface DropoutParams {
  readonly p: number;
  readonly seed: number;
  readonly offset?: number;
}

const high = (n: number): number => Math.floor(n / 2 ** 32);

/** What each element is multiplied by: 0, or 1 / (1 - p) where its random word is p 2^32 or more. */
function factors(count: number, { p, seed, offset = 0 }: DropoutParams): Float64Array {
  const threshold = Math.round(p * 2 ** 32);
  const kept = p === 1 ? 0 : 1 / (1 - p);
  let words: readonly number[] = [];
  return Float64Array.from({ length: count }, (_, i) => {
    if (i % 4 === 0) words = philox([i / 4, 0, offset >>> 0, high(offset)], [seed >>> 0, high(seed)]);
    return (words[i % 4] as number) >= threshold ? kept : 0;
  });
}

function masked(x: Value, params: DropoutParams): Value {
  const factor = factors(x.data.length, params);
  return { shape: x.shape, data: x.data.map((value, i) => value * (factor[i] as number)) };
}

/** The scale is rounded, and the product with it; what is dropped is 0. */
const bounds = ({ data }: Value): Float64Array => data.map((y) => (y === 0 ? 0 : 2 * EPS * Math.abs(y) + FLUSH));

function sample(layer: 'exact' | 'legal', x: Shape, params: DropoutParams): Sample<DropoutParams> {
  return {
    layer,
    label: { x: formatShape(x), ...params },
    params,
    inputs: (random) => ({
      x: hostTensorFrom(
        'f32',
        x,
        Array.from({ length: sizeOf(x) }, () => (layer === 'exact' ? random.integer(1, 99) : random.normal())),
      ),
    }),
    grads: (random) => ({
      y: hostTensorFrom(
        'f32',
        x,
        Array.from({ length: sizeOf(x) }, () => random.integer(1, 99)),
      ),
    }),
  };
}

/** torch.nn.functional.dropout, with the project's generator. */
export const record: OpRecord<DropoutParams> = {
  name: 'dropout',
  family: 'nn',
  summary: 'y = x / (1 - p), and 0 with probability p',
  inputs: { x: { dtypes: ['f32'], differentiable: true } },
  outputs: { y: { dtypes: ['f32'] } },
  forward: (inputs, params) => ({ y: masked(inputs['x'] as Value, params) }),
  acceptance: (_inputs, outputs) => ({ y: { kind: 'within', bound: bounds(outputs['y'] as Value) } }),
  vjp: (_inputs, params, grads) => ({ x: masked(grads['y'] as Value, params) }),
  vjpAcceptance: (_inputs, gradients) => ({ x: { kind: 'within', bound: bounds(gradients['x'] as Value) } }),
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
    { name: 'the opposite mask', shader: { file: 'nn/dropout', from: 'vec4f(), x * scale, words', to: 'x * scale + 1.0, vec4f(), words' } },
    {
      name: 'the opposite mask of the gradient',
      direction: 'backward',
      shader: { file: 'nn/dropout', from: 'vec4f(), x * scale, words', to: 'x * scale + 1.0, vec4f(), words' },
    },
  ],
  wrongValues: [
    wrongParams('another seed', (params) => ({ ...params, seed: params.seed + 1 })),
    wrongParams('high word of the seed dropped', (params) => ({ ...params, seed: params.seed % 2 ** 32 })),
    wrongParams('another offset', (params) => ({ ...params, offset: (params.offset ?? 0) + 1 })),
    wrongParams('p wrong by 2e-5', (params) => ({ ...params, p: params.p * (1 - 2e-5) })),
    {
      name: 'x wrong by 2e-5',
      apply: (inputs, params) => {
        const x = inputs['x'] as Value;
        return { inputs: { x: { ...x, data: x.data.map((value) => value * (1 + 2e-5)) } }, params };
      },
    },
  ],
};

export const simulation: Simulation<DropoutParams> = {
  op: 'dropout',
  forward: (gpu, inputs, params) => {
    const x = inputs['x'] as Value;
    const factor = factors(x.data.length, params);
    return { y: { ...x, data: x.data.map((value, i) => gpu.mul(value, Math.fround(factor[i] as number))) } };
  },
  backward: (gpu, _inputs, params, grads) => {
    const dy = grads['y'] as Value;
    const factor = factors(dy.data.length, params);
    return { x: { ...dy, data: dy.data.map((value, i) => gpu.mul(value, Math.fround(factor[i] as number))) } };
  },
};
