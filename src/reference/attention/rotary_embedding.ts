import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { rotaryEmbedding as signature } from '../../vocabulary/attention/rotary_embedding.ts';
import type { GivenParams, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, gamma, IN_ANY_ORDER } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Depth, Value } from '../record.ts';
import { ROTARY_FAULTS } from './rotary/faults.ts';
import { type Turns, turned, turnedWithin } from './rotary/turn.ts';

type Params = ParamsOf<typeof signature>;

/**
 * Cosine and sine of an exact angle: its float32 (2.5 eps of at most pi / 4), and polynomials whose
 * operations all round.
 */
const OF_FUNCTIONS = 4 * EPS;

/** What a float64 angle of a large position is off. */
const OF_DOUBLES = 2 ** -50;

/** Turns of x [..., S, D] at positions [S], [1, S] or [B, S]. */
export function turnsOf(
  x: Value,
  ids: Value,
  { head_dim, theta, convention }: Params,
  depth: Depth,
): Turns {
  const [length, width] = x.shape.slice(-2) as [number, number];
  const batches = ids.data.length / length;
  const perBatch = x.data.length / width / batches;
  return {
    width,
    pairs: width / 2,
    convention,
    at: (first, pair) => {
      const row = first / width;
      const position = ids.data[Math.floor(row / perBatch) * length + (row % length)] as number;
      const exponent = (2 * pair) / head_dim;
      const angle = position * theta ** -exponent;
      // In float32: the exponent's unit counts ln(theta) times, power, quotient, product and
      // position one each. depth says whether it is.
      const roundings = Math.ceil(4 + exponent * Math.log(theta));
      const error = Math.min(2, angle * (gamma(depth(roundings)) + OF_DOUBLES) + OF_FUNCTIONS);
      return { cos: Math.cos(angle), sin: Math.sin(angle), error };
    },
  };
}

/** The same for queries and keys. */
export function each<T>(of: (name: 'q' | 'k') => T): Readonly<Record<'q' | 'k', T>> {
  return { q: of('q'), k: of('k') };
}

interface Draw {
  readonly q: Shape;
  readonly k: Shape;
  readonly ids: Shape;
  readonly params: GivenParams<typeof signature>;
  /** Positions are drawn below; default 100. */
  readonly below?: number;
}

/** A sample of normally distributed elements. */
export function rotarySample({ q, k, ids, params, below = 100 }: Draw): SampleOf<typeof signature> {
  const { theta, convention } = params;
  const normal = (random: Random, shape: Shape) =>
    filledTensor('f32', shape, () => random.normal());
  return {
    level: 'legal',
    label: {
      q: formatShape(q),
      k: formatShape(k),
      ids: formatShape(ids),
      ...(theta ? { theta } : {}),
      ...(convention ? { convention } : {}),
      below,
    },
    params,
    inputs: (random) => ({
      q: normal(random, q),
      k: normal(random, k),
      position_ids: filledTensor('i32', ids, () => random.integer(0, below - 1)),
    }),
    grads: (random) => ({ q: normal(random, q), k: normal(random, k) }),
  };
}

/** Rotary position embedding as transformers' Llama has it (half-split) or GPT-J (interleaved). */
export const record = defineRecord(signature, {
  summary: 'q and k with pairs of columns rotated by position * theta^(-2 k / head_dim)',
  forward: (inputs, params) =>
    each((name) =>
      turned(
        inputs[name],
        turnsOf(inputs[name], inputs.position_ids, params, IN_ANY_ORDER.depth),
        false,
      ),
    ),
  acceptance: (inputs, _outputs, params, { depth }) =>
    each((name) =>
      turnedWithin(inputs[name], turnsOf(inputs[name], inputs.position_ids, params, depth)),
    ),
  vjp: (inputs, params, grads) =>
    each((name) => {
      const dy = grads[name];
      return (
        dy &&
        turned(dy, turnsOf(inputs[name], inputs.position_ids, params, IN_ANY_ORDER.depth), true)
      );
    }),
  vjpAcceptance: (inputs, _gradients, params, grads, { depth }) =>
    each((name) => {
      const dy = grads[name];
      return dy && turnedWithin(dy, turnsOf(inputs[name], inputs.position_ids, params, depth));
    }),
  samples: [
    rotarySample({ q: [1, 1, 1, 2], k: [1, 1, 1, 2], ids: [1], params: { head_dim: 2 }, below: 7 }),
    rotarySample({ q: [2, 3, 5, 8], k: [2, 1, 5, 8], ids: [2, 5], params: { head_dim: 8 } }),
    rotarySample({
      q: [2, 4, 7, 6],
      k: [2, 2, 7, 6],
      ids: [7],
      params: { head_dim: 6, convention: 'interleaved', theta: 1e3 },
    }),
    rotarySample({
      q: [1, 2, 17, 64],
      k: [1, 1, 17, 64],
      ids: [1, 17],
      params: { head_dim: 64, theta: 5e5 },
      below: 131_072,
    }),
    rotarySample({
      q: [3, 5, 130],
      k: [2, 5, 130],
      ids: [5],
      params: { head_dim: 130, theta: 1 },
      below: 2 ** 24,
    }),
    // The widest head: its last pairs take every power of the base.
    rotarySample({
      q: [1, 2048],
      k: [1, 2048],
      ids: [1],
      params: { head_dim: 2048 },
      below: 2 ** 12,
    }),
  ],
  faults: ROTARY_FAULTS,
  plausibleBugs: [
    inputBug('positions off by one', 'position_ids', (p) => p + 1),
    inputBug('q wrong by 2e-5', 'q', (x) => x * (1 + 2e-5)),
    inputBug('k wrong by 2e-5', 'k', (x) => x * (1 + 2e-5)),
    paramsBug('theta 500000 for 10000', (params) => ({
      ...params,
      theta: params.theta * 50,
    })),
    paramsBug('theta wrong by 2e-5', (params) => ({
      ...params,
      theta: params.theta * (1 + 2e-5),
    })),
    paramsBug('the other convention', ({ convention, ...params }) => ({
      ...params,
      convention: convention === 'interleaved' ? 'half-split' : 'interleaved',
    })),
    paramsBug('half the head_dim in the exponent', (params) => ({
      ...params,
      head_dim: params.head_dim / 2,
    })),
  ],
});
