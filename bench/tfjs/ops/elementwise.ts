import * as tf from '@tensorflow/tfjs-core';
import type { Binary } from '../../../src/vocabulary/binary.ts';
import type { Unary } from '../../../src/vocabulary/elementwise.ts';
import { clip } from '../../../src/vocabulary/math/clip.ts';
import { gelu } from '../../../src/vocabulary/math/gelu.ts';
import { signatureOf } from '../../../src/vocabulary/registry.ts';
import { geluOf } from '../gelu.ts';
import { ONE_SETTING, tfOp } from '../op.ts';

/** Functions of one tensor x. */
const UNARY: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  abs: tf.abs,
  erf: tf.erf,
  exp: tf.exp,
  log: tf.log,
  relu: tf.relu,
  relu6: tf.relu6,
  rsqrt: tf.rsqrt,
  sigmoid: tf.sigmoid,
  silu: (x) => tf.mul(x, tf.sigmoid(x)),
  sqrt: tf.sqrt,
  tanh: tf.tanh,
};

/** Functions of two tensors a and b, which broadcast. */
const BINARY: Readonly<Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>> = {
  accumulate_grad: tf.add,
  add: tf.add,
  maximum: tf.maximum,
  minimum: tf.minimum,
  mul: tf.mul,
  pow: tf.pow,
  sub: tf.sub,
};

export const ops = [
  ...Object.entries(UNARY).map(([op, f]) =>
    tfOp(signatureOf(op) as Unary, ({ x }) => ({ y: f(x) })),
  ),
  ...Object.entries(BINARY).map(([op, f]) =>
    tfOp(signatureOf(op) as Binary, ({ a, b }) => ({ y: f(a, b) })),
  ),
  tfOp(gelu, ({ x }, { approximate }) => ({ y: geluOf(x, approximate) })),
  tfOp(clip, ({ x }, { min = -Infinity, max = Infinity }) => ({ y: tf.clipByValue(x, min, max) }), {
    settings: ({ params: { min = -Infinity, max = Infinity } }) =>
      min <= max ? ONE_SETTING : { reason: 'bounds that cross are not asked of it' },
  }),
];
