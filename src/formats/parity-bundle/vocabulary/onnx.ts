import * as v from 'valibot';
import type { Shape } from '../../../tensor/shape.ts';
import { FormatError } from '../../format-error.ts';
import { flag, float, index, integer, type Known, none, number, off, on, op, optional, padding, pair, real, size } from '../rules.ts';
import { axisIn, broadcast, reduced, slid, type Window } from '../shape-rules.ts';

const binary = op(none, {
  inputs: { a: real('[*a]'), b: real('[*b]') },
  outputs: { y: real(({ shape }) => broadcast(shape('a'), shape('b'))) },
  gradients: ['a', 'b'],
});

const reduction = op(v.strictObject({ axes: v.array(integer), keepdims: on }), {
  inputs: { x: real('[*x]') },
  outputs: { y: real(({ shape, params }) => reduced(shape('x'), params.axes, params.keepdims)) },
  gradients: ['x'],
});

const NO_PADDING: [number, number, number, number] = [0, 0, 0, 0];
const conv = v.strictObject({
  stride: v.optional(pair, 1),
  padding: v.optional(padding, NO_PADDING),
  dilation: v.optional(pair, 1),
  groups: v.optional(size, 1),
});
const pool = v.strictObject({
  kernel: pair,
  stride: v.optional(pair),
  padding: v.optional(padding, NO_PADDING),
  dilation: v.optional(pair, 1),
  count_include_pad: v.optional(flag, true),
  ceil_mode: off,
});

function pooled({ shape, params }: Known<v.InferOutput<typeof pool>>): Shape {
  const window: Window = { ...params, stride: params.stride ?? params.kernel, ceilMode: params.ceil_mode };
  return [...shape('x').slice(0, 2), ...slid(imageSize(shape('x')), window)];
}

function imageSize(x: Shape): [number, number] {
  if (x.length !== 4) throw new FormatError('an image batch has the dimensions [N, C, H, W]');
  return x.slice(2) as unknown as [number, number];
}

const pooling = op(pool, { inputs: { x: float('[n, c, h, w]') }, outputs: { y: float(pooled) }, gradients: ['x'] });

/** Shapes of x0, x1, ... in order. */
function parts(known: Known<unknown>): Shape[] {
  const found: Shape[] = [];
  for (let i = 0; ; i++) {
    try {
      found.push(known.shape(`x${i}`));
    } catch {
      return found;
    }
  }
}

const CAST_TARGETS = ['float64', 'float32', 'float16', 'bfloat16', 'int32', 'int8', 'uint8', 'bool'] as const;

/** Tensor operations, with ONNX's meaning where torch's differs. */
export const onnx = {
  add: binary,
  sub: binary,
  mul: binary,
  div: binary,
  clip: op(v.strictObject({ min: v.optional(number), max: v.optional(number) }), {
    inputs: { x: real('[*x]') },
    outputs: { y: real('[*x]') },
    gradients: ['x'],
  }),
  cast: op(v.strictObject({ to: v.picklist(CAST_TARGETS) }), { inputs: { x: real('[*x]') }, outputs: { y: real('[*x]') } }),
  reduce_sum: reduction,
  reduce_mean: reduction,
  reduce_max: reduction,
  argmax: op(v.strictObject({ axis: v.optional(integer, 0), keepdims: on, select_last_index: off }), {
    inputs: { x: real('[*x]') },
    outputs: { y: index(({ shape, params }) => reduced(shape('x'), [params.axis], params.keepdims)) },
  }),
  transpose: op(v.strictObject({ perm: v.array(integer) }), {
    inputs: { x: real('[*x]') },
    outputs: {
      y: real(({ shape, params: { perm } }) => {
        const x = shape('x');
        if ([...perm].sort((a, b) => a - b).join() !== x.map((_, d) => d).join()) {
          throw new FormatError(`perm [${perm.join(', ')}] is no order of ${x.length} dimensions`);
        }
        return perm.map((d) => x[d] as number);
      }),
    },
    gradients: ['x'],
  }),
  concat: op(v.strictObject({ axis: integer }), {
    inputs: {
      'x#': real(({ shape, params }, actual) => {
        const first = shape('x0');
        const axis = axisIn(params.axis, first);
        return first.length === actual.length ? first.map((n, d) => (d === axis ? (actual[d] as number) : n)) : first;
      }),
    },
    outputs: {
      y: real((known) => {
        const all = parts(known);
        const first = known.shape('x0');
        const axis = axisIn(known.params.axis, first);
        return first.map((n, d) => (d === axis ? all.reduce((sum, shape) => sum + (shape[d] as number), 0) : n));
      }),
    },
    gradients: ['x#'],
  }),
  gather: op(v.strictObject({ axis: v.optional(integer, 0) }), {
    inputs: {
      x: real('[*x]'),
      indices: index('[*i]', ({ shape, params }) => {
        const n = shape('x')[axisIn(params.axis, shape('x'))] as number;
        return { low: -n, high: n - 1 };
      }),
    },
    outputs: {
      y: real(({ shape, params }) => {
        const x = shape('x');
        const axis = axisIn(params.axis, x);
        return [...x.slice(0, axis), ...shape('indices'), ...x.slice(axis + 1)];
      }),
    },
    gradients: ['x'],
  }),
  conv2d: op(conv, {
    inputs: {
      x: float('[n, c, h, w]'),
      weight: float(({ shape, params }, actual) => {
        const [out = 0, , kh = 0, kw = 0] = actual;
        if (out % params.groups !== 0) throw new FormatError(`${out} output channels do not divide into ${params.groups} groups`);
        return [out, Math.floor((shape('x')[1] as number) / params.groups), kh, kw];
      }),
      bias: optional(float(({ shape }) => [shape('weight')[0] as number])),
    },
    outputs: {
      y: float(({ shape, params }) => {
        const [out, , kh, kw] = shape('weight') as [number, number, number, number];
        return [shape('x')[0] as number, out, ...slid(imageSize(shape('x')), { ...params, kernel: [kh, kw] })];
      }),
    },
    gradients: ['x', 'weight', 'bias'],
  }),
  max_pool2d: pooling,
  avg_pool2d: pooling,
  global_avg_pool2d: op(none, { inputs: { x: float('[n, c, h, w]') }, outputs: { y: float('[n, c, 1, 1]') }, gradients: ['x'] }),
};
