import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { OpRecord, Sample, Value, Values } from '../record.ts';
import { wrongInput } from '../wrong-value.ts';
import { type Convention, type Turns, turned, turnedWithin } from './rotary/turn.ts';

/** The vocabulary's parameters of rotary_embedding_cache. */
export interface RotaryCacheParams {
  readonly convention?: Convention;
  readonly heads?: number;
}

/** Turns of x [B, H, S, D] or [B, S, H * D], looked up in tables by position_ids or by batch and position. */
export function cachedTurns(inputs: Values, { convention = 'half-split', heads }: RotaryCacheParams): Turns {
  const [x, cos, sin, ids] = [inputs['x'] as Value, inputs['cos'] as Value, inputs['sin'] as Value, inputs['position_ids']];
  const [, second, third, fourth] = x.shape as [number, number, number, number?];
  const width = fourth ?? third / (heads as number);
  const pairs = cos.shape.at(-1) as number;
  const place = (first: number): number => {
    const row = first / width;
    // [B, S, H] without a fourth dimension, else [B, H, S].
    if (fourth === undefined) return Math.floor(row / (heads as number));
    return Math.floor(row / (second * third)) * third + (row % third);
  };
  const last = cos.data.length / pairs - 1;
  return {
    width,
    pairs,
    convention,
    at: (first, pair) => {
      const at = ids ? Math.min(Math.max(ids.data[place(first)] as number, 0), last) : place(first);
      return { cos: cos.data[at * pairs + pair] as number, sin: sin.data[at * pairs + pair] as number, error: 0 };
    },
  };
}

interface Draw {
  readonly layer: Sample<RotaryCacheParams>['layer'];
  readonly x: Shape;
  readonly cos: Shape;
  readonly ids?: Shape;
  readonly params?: RotaryCacheParams;
  /** Ids reach this far outside of the tables on both sides; default 0. */
  readonly outside?: number;
}

/** A sample of numbers that a table of angles need not hold: the op looks them up. */
export function cacheSample({ layer, x, cos, ids, params = {}, outside = 0 }: Draw): Sample<RotaryCacheParams> {
  const drawn = (random: Random, shape: Shape, largest: number) =>
    hostTensorFrom(
      'f32',
      shape,
      random.fill(sizeOf(shape), () => (layer === 'exact' ? random.integer(-largest, largest) : random.normal())),
    );
  const { convention, heads } = params;
  return {
    layer,
    label: {
      x: formatShape(x),
      cos: formatShape(cos),
      ...(ids ? { ids: formatShape(ids) } : {}),
      ...(convention ? { convention } : {}),
      ...(heads ? { heads } : {}),
    },
    params,
    inputs: (random) => ({
      x: drawn(random, x, 99),
      cos: drawn(random, cos, 1),
      sin: drawn(random, cos, 1),
      ...(ids
        ? {
            position_ids: hostTensorFrom(
              'i32',
              ids,
              random.fill(sizeOf(ids), () => random.integer(-outside, (cos[0] as number) - 1 + outside)),
            ),
          }
        : {}),
    }),
    grads: (random) => ({ y: drawn(random, x, 99) }),
  };
}

/** ONNX's RotaryEmbedding. */
export const record: OpRecord<RotaryCacheParams> = {
  name: 'rotary_embedding_cache',
  family: 'attention',
  summary: 'x with pairs of columns rotated by tables of cosines and sines',
  inputs: {
    x: { dtypes: ['f32'], differentiable: true },
    cos: { dtypes: ['f32'] },
    sin: { dtypes: ['f32'] },
    position_ids: { dtypes: ['i32'], optional: true },
  },
  outputs: { y: { dtypes: ['f32'] } },
  forward: (inputs, params) => ({ y: turned(inputs['x'] as Value, cachedTurns(inputs, params), false) }),
  acceptance: (inputs, _outputs, params) => ({ y: turnedWithin(inputs['x'] as Value, cachedTurns(inputs, params)) }),
  vjp: (inputs, params, grads) => ({ x: turned(grads['y'] as Value, cachedTurns(inputs, params), true) }),
  vjpAcceptance: (inputs, _gradients, params, grads) => ({ x: turnedWithin(grads['y'] as Value, cachedTurns(inputs, params)) }),
  samples: [
    cacheSample({ layer: 'exact', x: [2, 3, 5, 8], cos: [9, 4], ids: [2, 5] }),
    cacheSample({ layer: 'exact', x: [2, 3, 5, 8], cos: [2, 5, 3], params: { convention: 'interleaved' } }),
    cacheSample({ layer: 'exact', x: [2, 5, 21], cos: [2, 5, 2], params: { heads: 3 } }),
    cacheSample({ layer: 'exact', x: [2, 4, 12], cos: [4, 1], ids: [2, 4], params: { heads: 2, convention: 'interleaved' }, outside: 3 }),
    cacheSample({ layer: 'legal', x: [2, 4, 8, 16], cos: [50, 8], ids: [2, 8] }),
    cacheSample({ layer: 'legal', x: [1, 1, 1, 2], cos: [1, 1, 1] }),
  ],
  faults: [
    {
      name: 'one added to every element',
      shader: { file: 'attention/rotary_embedding_cache', from: 'y[at] = x[at] * cosines', to: 'y[at] = 1.0 + x[at] * cosines' },
    },
    {
      name: 'one added to every gradient',
      direction: 'backward',
      shader: { file: 'attention/rotary_embedding_cache', from: 'y[at] = x[at] * cosines', to: 'y[at] = 1.0 + x[at] * cosines' },
    },
  ],
  wrongValues: [
    wrongInput('x wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
    wrongInput('cosines wrong by 2e-5', 'cos', (x) => x * (1 + 2e-5)),
    wrongInput('sign of the sines', 'sin', (x) => -x),
    wrongInput('positions off by one', 'position_ids', (p) => p + 1),
    {
      name: 'the other convention',
      apply: (inputs, params) => ({
        inputs,
        params: { ...params, convention: params.convention === 'interleaved' ? 'half-split' : 'interleaved' },
      }),
    },
    {
      name: 'one head for all',
      apply: (inputs, params) => ({ inputs, params: params.heads ? { ...params, heads: 1 } : params }),
    },
  ],
};
