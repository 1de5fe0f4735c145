import { lax, nn, numpy as np } from '@jax-js/jax';
import type { Binary } from '../../../src/vocabulary/binary.ts';
import type { Unary } from '../../../src/vocabulary/elementwise.ts';
import { clip } from '../../../src/vocabulary/math/clip.ts';
import { gelu } from '../../../src/vocabulary/math/gelu.ts';
import { signatureOf } from '../../../src/vocabulary/registry.ts';
import { jaxOp, ONE_SETTING } from '../op.ts';

/** Functions of one array x. */
const UNARY: Readonly<Record<string, (x: np.Array) => np.Array>> = {
  abs: np.abs,
  erf: lax.erf,
  exp: np.exp,
  log: np.log,
  relu: nn.relu,
  relu6: nn.relu6,
  rsqrt: (x) => np.reciprocal(np.sqrt(x)),
  sigmoid: nn.sigmoid,
  silu: nn.silu,
  sqrt: np.sqrt,
  tanh: np.tanh,
};

/** Functions of two arrays a and b, which broadcast. */
const BINARY: Readonly<Record<string, (a: np.Array, b: np.Array) => np.Array>> = {
  accumulate_grad: np.add,
  add: np.add,
  maximum: np.maximum,
  minimum: np.minimum,
  mul: np.multiply,
  pow: np.power,
  sub: np.subtract,
};

export const ops = [
  ...Object.entries(UNARY).map(([op, f]) =>
    jaxOp(signatureOf(op) as Unary, ({ x }) => ({ y: f(x) })),
  ),
  ...Object.entries(BINARY).map(([op, f]) =>
    jaxOp(signatureOf(op) as Binary, ({ a, b }) => ({ y: f(a, b) })),
  ),
  jaxOp(gelu, ({ x }, { approximate }) => ({
    y: nn.gelu(x, { approximate: approximate === 'tanh' }),
  })),
  jaxOp(clip, ({ x }, { min, max }) => ({ y: np.clip(x, min, max) }), {
    settings: ({ params: { min = -Infinity, max = Infinity } }) =>
      min <= max ? ONE_SETTING : { reason: 'bounds that cross are not asked of it' },
  }),
];
