import { rotaryEmbedding as signature } from '../../vocabulary/attention/rotary_embedding.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { defineSimulation } from '../define.ts';
import type { Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { turn } from './rotary/turn.simulation.ts';
import type { Turn, Turns } from './rotary/turn.ts';
import { each, rotarySample, turnsOf } from './rotary_embedding.ts';

type Params = ParamsOf<typeof signature>;

const UNIT = Math.fround(1.4629180792671596e-9);

/** A polynomial by Horner's rule, coefficients from the highest on. */
function polynomial(gpu: SimulatedGpu, z: number, coefficients: readonly number[]): number {
  return coefficients.reduce((sum, c) => gpu.mulAdd(sum, z, Math.fround(c)), 0);
}

/**
 * The angle as a quarter and a rest, which the kernel finds in integers, and polynomials of the
 * rest.
 */
function turnAt(gpu: SimulatedGpu, { cos, sin }: Turn): Turn {
  const fraction = Math.round((Math.atan2(sin, cos) / (2 * Math.PI)) * 2 ** 32);
  const quarter = Math.floor((fraction + 2 ** 29) / 2 ** 30);
  const r = gpu.mul(gpu.add(fraction - quarter * 2 ** 30, 0), UNIT);
  const z = gpu.mul(r, r);
  const sine = gpu.mulAdd(
    gpu.mul(r, z),
    polynomial(gpu, z, [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1]),
    r,
  );
  const even = polynomial(
    gpu,
    z,
    [-2.443315711809948e-5, 1.388731625493765e-3, -4.166664568298827e-2, 0.5],
  );
  const cosine = gpu.mulAdd(-z, even, 1);
  const turned: readonly (readonly [number, number])[] = [
    [cosine, sine],
    [-sine, cosine],
    [-cosine, -sine],
    [sine, -cosine],
  ];
  const [c, s] = turned[(quarter + 4) % 4] as readonly [number, number];
  return { cos: c, sin: s, error: 0 };
}

function turnsOn(gpu: SimulatedGpu, x: Value, ids: Value, params: Params): Turns {
  const turns = turnsOf(x, ids, params, () => 0);
  return { ...turns, at: (first, pair) => turnAt(gpu, turns.at(first, pair)) };
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) =>
    each((name) =>
      turn(gpu, inputs[name], turnsOn(gpu, inputs[name], inputs.position_ids, params), false),
    ),
  backward: (gpu, inputs, params, grads) =>
    each((name) => {
      const dy = grads[name];
      return dy && turn(gpu, dy, turnsOn(gpu, inputs[name], inputs.position_ids, params), true);
    }),
  samples: [
    rotarySample({
      q: [1, 2, 64, 64],
      k: [1, 1, 64, 64],
      ids: [1, 64],
      params: { head_dim: 64 },
      below: 4096,
    }),
  ],
});
