import { sigmoid as signature } from '../../vocabulary/math/sigmoid.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { expError, sigmoid, vanishes } from '../logistic.ts';
import { farExp } from '../simulation/far-exp.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { type UnaryTruth, unaryRecord, unarySimulation } from './unary.ts';

/** exp(-|x|) and 1 / (1 + exp(-|x|)) as the kernels take them. */
function parts(gpu: SimulatedGpu, x: number): { readonly small: number; readonly large: number } {
  const small = farExp(gpu, -Math.abs(x));
  return { small, large: gpu.div(1, gpu.add(1, small)) };
}

/** A derivative that is below the smallest normal number may be flushed. */
const lost = (x: number, size: number): number => (vanishes(-Math.abs(x)) ? size : 0);

/**
 * How far y may be off, relatively: with e = exp(-|x|), d ln(e / (1 + e)) and d ln(1 / (1 + e)) are
 * (1 - y) d ln e; 1 + e rounds once, its reciprocal takes 2.5 units, e * (...) one.
 */
const relativeError = (x: number): number => sigmoid(-x) * expError(x) + (x < 0 ? 4.5 : 3.5) * EPS;

const truth: UnaryTruth<object, object> = {
  summary: 'y = 1 / (1 + exp(-x))',
  f: sigmoid,
  derivative: (x) => sigmoid(x) * sigmoid(-x),
  error: (x) => {
    const y = sigmoid(x);
    return y * relativeError(x) * SECOND_ORDER + 2 * FLUSH + (vanishes(x) ? y : 0);
  },
  // dy * (e * l * l), l = 1 / (1 + e): d ln(e l l) = (1 - 2 s(-|x|)) d ln e, two times 3.5 of l,
  // three products. Who takes dy * y * (1 - y) by its definition loses as much of 1 - y as y is
  // off.
  gradientError: (x, dy) => {
    const size = Math.abs(dy) * sigmoid(x) * sigmoid(-x);
    const inner = (1 - 2 * sigmoid(-Math.abs(x))) * expError(x) + (2 * 3.5 + 3) * EPS;
    const definition = Math.abs(dy) * sigmoid(x) ** 2 * relativeError(x);
    return (
      (size * inner + definition) * SECOND_ORDER + FLUSH * (2 + 3 * Math.abs(dy)) + lost(x, size)
    );
  },
  // torch's sigmoid_backward, from y as it was stored: in one step, or in three.
  gradientSteps: [
    ({ stored, exactly, ascending, mul, sub, either }, x, dy) => {
      const y = stored(ascending(exactly(x), sigmoid));
      const rest = sub(exactly(1), y);
      const whole = stored(mul(mul(exactly(dy), rest), y));
      return either(whole, stored(mul(stored(mul(exactly(dy), stored(rest))), y)));
    },
  ],
  computed: (gpu, x) => {
    const { small, large } = parts(gpu, x);
    return x >= 0 ? large : gpu.mul(small, large);
  },
  computedGradient: (gpu, x, dy) => {
    const { small, large } = parts(gpu, x);
    return gpu.mul(dy, gpu.mul(gpu.mul(small, large), large));
  },
  corners: [
    0, -0, 1e-30, -1e-30, 1, -1, 20, -20, 87.5, -87.5, 104, -104, 105, -105, 1e4, -1e4, 1e30, -1e30,
  ],
  params: [{}],
  faults: [
    {
      name: 'the sign of x lost',
      shader: { file: 'math/sigmoid', from: 'x >= vec4f()', to: 'x < vec4f(0.5)' },
    },
    {
      name: 's for s * (1 - s)',
      direction: 'backward',
      shader: { file: 'math/sigmoid_backward', from: 'small * large * large', to: 'large * large' },
    },
  ],
};

/** torch.sigmoid. */
export const record = unaryRecord(signature, truth);
export const simulation = unarySimulation(signature, truth, 110);
