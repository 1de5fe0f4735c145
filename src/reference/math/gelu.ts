import { gelu as signature } from '../../vocabulary/math/gelu.ts';
import type { GivenParams, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { expError, sigmoid, vanishes } from '../logistic.ts';
import { normalDensity, normalProbability, upperTail } from '../normal.ts';
import { farExp } from '../simulation/far-exp.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { bell, bellError, tail, tailError } from './normal-tail.ts';
import { type UnaryTruth, unaryRecord, unarySimulation } from './unary.ts';

type Params = ParamsOf<typeof signature>;

const LINEAR = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715 * LINEAR;

/** The argument of the tanh form's sigmoid, and its derivative. */
const inner = (x: number): number => x * (LINEAR + CUBIC * x * x);
const innerSlope = (x: number): number => LINEAR + 3 * CUBIC * x * x;

/**
 * The definition, x / 2 * (1 + erf) or (1 + tanh), may be computed as it stands: its function and
 * the sum with 1 round at the size of 1, or of 2 near it, and so it loses all of the left side's
 * relative accuracy. Half of three units.
 */
const DEFINITION = 1.5 * EPS;

/**
 * Of all float32 to the left of 0 the erf that torch takes on a processor (oneDNN's gelu_erf) moves
 * x / 2 * (1 + erf) by up to 2.9 units of |x|: of erf it is an approximation.
 */
const APPROXIMATION = 3 * EPS;

const definitionOf = ({ approximate }: Params): number =>
  approximate === 'tanh' ? DEFINITION : APPROXIMATION;

function errorOf(x: number, params: Params, definition = definitionOf(params)): number {
  const own =
    params.approximate === 'tanh'
      ? Math.abs(x) * gateError(inner(x))
      : Math.abs(x) * upperTail(Math.abs(x)) * tailError(Math.abs(x));
  return (
    (own + Math.abs(geluOf(x, params)) * EPS + Math.abs(x) * definition) * SECOND_ORDER +
    FLUSH * (4 + 4 * Math.abs(x))
  );
}

/** The error of sigmoid(u), whose u went through five roundings of terms of one sign. */
function gateError(u: number): number {
  const s = sigmoid(u);
  return (
    s * (sigmoid(-u) * (expError(u) + 5 * EPS * Math.abs(u)) + 4.5 * EPS) +
    (vanishes(-Math.abs(u)) ? s * sigmoid(-u) : 0)
  );
}

const geluOf = (x: number, { approximate }: Params): number =>
  x * (approximate === 'tanh' ? sigmoid(inner(x)) : normalProbability(x));

const derivativeOf = (x: number, { approximate }: Params): number => {
  if (approximate !== 'tanh') return normalProbability(x) + x * normalDensity(x);
  return sigmoid(inner(x)) + bump(x);
};

/** x s (1 - s) u'. */
const bump = (x: number): number => {
  const u = inner(x);
  return x * sigmoid(u) * sigmoid(-u) * innerSlope(x);
};

/** dy times the error of a probability, of x times a density, and of their sum and product. */
function gradientErrorOf(x: number, dy: number, params: Params, definition = DEFINITION): number {
  const a = Math.abs(x);
  const flush = FLUSH * (8 + 8 * Math.abs(dy) + 4 * Math.abs(dy) * Math.min(a, 30) ** 3);
  if (params.approximate === 'tanh') {
    const u = inner(x);
    // s and 1 - s move against each other: of their product |1 - 2 s| of the error of exp and of u
    // remains, and 9 units; u' has four, three products.
    const product =
      Math.abs(bump(x)) *
      (Math.abs(1 - 2 * sigmoid(u)) * (expError(u) + 5 * EPS * Math.abs(u)) + 16 * EPS);
    const lost = vanishes(-Math.abs(u)) ? Math.abs(bump(x)) : 0;
    // 1 - tanh^2 by the definition rounds at the size of 1.
    const allowed = definition * (1 + (Math.abs(u) < 20 ? (a * innerSlope(x)) / 2 : 0));
    return (
      Math.abs(dy) *
        (gateError(u) + product + lost + allowed + 2 * EPS * Math.abs(derivativeOf(x, params))) *
        SECOND_ORDER +
      flush
    );
  }
  const density = a * normalDensity(x);
  // On the right 1 - tail is rounded too; x multiplies a bell that may be a denormal off.
  const roundings = (x < 0 ? 2 : 3) * EPS * (normalProbability(x) + density);
  const own = upperTail(a) * tailError(a) + density * (bellError(a) + 3 * EPS) + roundings;
  return Math.abs(dy) * (own + definition) * SECOND_ORDER + flush + FLUSH * Math.abs(dy) * a;
}

/** u of the tanh form, at an x that is no farther from 0 than where it saturates. */
function gate(gpu: SimulatedGpu, near: number): { readonly u: number; readonly square: number } {
  const square = gpu.mul(gpu.mul(Math.fround(CUBIC), near), near);
  return { u: gpu.mul(near, gpu.add(Math.fround(LINEAR), square)), square };
}

function logistic(gpu: SimulatedGpu, u: number): number {
  const small = farExp(gpu, -Math.abs(u));
  const large = gpu.div(1, gpu.add(1, small));
  return u >= 0 ? large : gpu.mul(small, large);
}

const truth: UnaryTruth<GivenParams<typeof signature>, Params> = {
  summary: 'y = x * P(X <= x) of a standard normal X',
  f: geluOf,
  derivative: derivativeOf,
  error: (x, params) => errorOf(x, params),
  ownError: (x, params) => errorOf(x, params, 0),
  gradientError: (x, dy, params) => gradientErrorOf(x, dy, params),
  ownGradientError: (x, dy, params) => gradientErrorOf(x, dy, params, 0),
  computed: (gpu, x, { approximate }) => {
    if (approximate === 'tanh')
      return gpu.mul(x, logistic(gpu, gate(gpu, Math.min(Math.max(x, -20), 20)).u));
    const far = gpu.mul(x, tail(gpu, Math.abs(x), bell(gpu, x)));
    return x >= 0 ? gpu.sub(x, far) : far;
  },
  computedGradient: (gpu, x, dy, { approximate }) => {
    if (approximate === 'tanh') {
      const near = Math.min(Math.max(x, -20), 20);
      const { u, square } = gate(gpu, near);
      const s = logistic(gpu, u);
      const slope = gpu.mul(near, gpu.mulAdd(3, square, Math.fround(LINEAR)));
      return gpu.mul(dy, gpu.mulAdd(slope, gpu.mul(s, logistic(gpu, -u)), s));
    }
    const density = bell(gpu, x);
    const above = tail(gpu, Math.abs(x), density);
    const below = x >= 0 ? gpu.sub(1, above) : above;
    return gpu.mul(
      dy,
      gpu.mulAdd(x, gpu.mul(Math.fround(1 / Math.sqrt(2 * Math.PI)), density), below),
    );
  },
  corners: [
    0, -0, 1e-30, -1e-30, 0.75179, -0.75179, 3, -3, 5.5, -5.5, 8, -8, 13, -13, 14.4, -14.4, 20, -20,
    1e4, -1e4, 1e15, -1e15,
  ],
  params: [{}, { approximate: 'tanh' }],
  faults: [
    {
      name: 'x for y',
      host: {
        seam: 'gelu.forward',
        wrap:
          () =>
          (_gpu, { x }) => ({ y: x.clone() }),
      },
    },
    {
      name: 'the gradient passes as it is',
      direction: 'backward',
      host: {
        seam: 'gelu.backward',
        wrap:
          () =>
          (_gpu, { grads }) => ({ x: grads.y.clone() }),
      },
    },
  ],
  plausibleBugs: [
    {
      name: 'the other form',
      apply: (inputs, { approximate }) => ({
        inputs,
        params: { approximate: approximate === 'tanh' ? 'none' : 'tanh' },
      }),
    },
  ],
};

/** torch.nn.functional.gelu. */
export const record = unaryRecord(signature, truth);
export const simulation = unarySimulation(signature, truth, 16);
