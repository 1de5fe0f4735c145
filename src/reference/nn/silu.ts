import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { silu as signature } from '../../vocabulary/nn/silu.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { expError, sigmoid, vanishes } from '../logistic.ts';
import { inputBug } from '../plausible-bug.ts';

/** Derivative of x * sigmoid(x). */
export function slope(x: number): number {
  return sigmoid(x) * (1 + x * sigmoid(-x));
}

/** Derivative of {@link slope}. */
export function bend(x: number): number {
  const s = sigmoid(x);
  const q = sigmoid(-x);
  return s * q * (2 + x * (q - s));
}

/**
 * |y| ((1 - sigmoid) eps (3 + 2|x|) + 3.5 eps): exp through the quotient, 1 + exp, and the division's 2.5.
 */
export function forwardBound(x: number): number {
  const y = Math.abs(x * sigmoid(x));
  return (
    y * (sigmoid(-x) * expError(x) + 3.5 * EPS) * SECOND_ORDER + 2 * FLUSH + (vanishes(x) ? y : 0)
  );
}

/**
 * dx = dy * s * u, u = 1 + t, t = x * q, q = 1 - s. With e = exp(-|x|), both s and q are 1/(1+e) or
 * e/(1+e), computed as e * (1/(1+e)): relative errors r_s = q eps(3+2|x|) + 4.5 eps and r_q = s
 * eps(3+2|x|) + 4.5 eps (addition 1, division 2.5, product 1). t adds a product, u an addition
 * whose size is |u| however much 1 and t cancel, dx two products: |error| <= |dy| s (|t| (r_q +
 * eps) + |u| (r_s + 3 eps)). Other formulas take q as 1 - s, by definition, and lose of it as much as s is off.
 */
export function backwardBound(x: number, dy: number, otherFormulas = false): number {
  const s = sigmoid(x);
  const q = sigmoid(-x);
  const t = x * q;
  const u = 1 + x * q;
  const sError = q * expError(x) + 4.5 * EPS;
  const qError = s * expError(x) + 4.5 * EPS;
  const definition = otherFormulas ? Math.abs(x) * s * sError : 0;
  const inner = Math.abs(t) * (qError + EPS) + Math.abs(u) * (sError + 3 * EPS) + definition;
  const rounding = Math.abs(dy) * s * inner;
  return (
    rounding * SECOND_ORDER +
    FLUSH * (2 + 2 * Math.abs(dy)) +
    (vanishes(x) ? Math.abs(dy * s * u) : 0)
  );
}

/**
 * Where a gate goes wrong: zeros, the minimum of x * sigmoid(x) and its flat surroundings,
 * saturation and beyond.
 */
const CORNERS = [
  0, -0, 1e-30, -1e-30, 1, -1, -1.2784645, -1.25, 20, -20, 79.9, -79.9, -80.1, 87.5, -87.5, -104,
  1e4, -1e4, 1e30, -1e30,
];

function sample(shape: Shape, draw?: readonly number[]): SampleOf<typeof signature> {
  return {
    level: 'legal',
    label: { x: formatShape(shape), ...(draw ? { values: 'corners' } : {}) },
    params: {},
    inputs: (random) => ({
      x: hostTensorFrom('f32', shape, draw ?? random.fill(sizeOf(shape), () => random.normal(3))),
    }),
    grads: (random) => ({
      y: filledTensor('f32', shape, () => random.normal()),
    }),
  };
}

/** torch.nn.functional.silu. */
export const record = defineRecord(signature, {
  summary: 'y = x * sigmoid(x)',
  forward: ({ x }) => ({
    y: { shape: x.shape, data: x.data.map((value) => value * sigmoid(value)) },
  }),
  acceptance: ({ x }) => ({ y: { kind: 'within', bound: x.data.map(forwardBound) } }),
  vjp: ({ x }, _params, { y: dy }) => ({
    x: { shape: x.shape, data: x.data.map((value, i) => slope(value) * (dy.data[i] as number)) },
  }),
  vjpAcceptance: ({ x }, _gradients, _params, { y: dy }, { otherFormulas }) => {
    const bound = x.data.map((value, i) =>
      backwardBound(value, dy.data[i] as number, otherFormulas),
    );
    return { x: { kind: 'within', bound } };
  },
  samples: [sample([1]), sample([CORNERS.length], CORNERS), sample([7, 37]), sample([128, 129])],
  faults: [
    {
      name: 'gate without sigmoid',
      shader: { file: 'nn/silu', from: '(1.0 + exp(', to: '(1.0 + 0.0 * exp(' },
    },
    {
      name: 'x * (1 - s) dropped',
      direction: 'backward',
      shader: { file: 'nn/silu_backward', from: '(1.0 + value * rest)', to: '(1.0 + rest)' },
    },
  ],
  plausibleBugs: [
    inputBug('input wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
    inputBug('sign of the input', 'x', (x) => -x),
  ],
});
