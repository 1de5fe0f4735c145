import { mapped } from '../../graph/call.ts';
import { simulation as rotaryEmbeddingCache } from '../attention/rotary_embedding_cache.simulation.ts';
import { simulation as scaledDotProductAttention } from '../attention/scaled_dot_product_attention.simulation.ts';
import { simulation as loraLinear } from '../lora/lora_linear.simulation.ts';
import { simulation as add } from '../math/add.ts';
import { simulation as mul } from '../math/mul.ts';
import { simulation as matmul } from '../matmul/matmul.simulation.ts';
import { simulation as crossEntropy } from '../nn/cross_entropy.simulation.ts';
import { simulation as embedding } from '../nn/embedding.simulation.ts';
import { simulation as rmsNorm } from '../nn/rms_norm.simulation.ts';
import { simulation as silu } from '../nn/silu.simulation.ts';
import type { Value, Values } from '../record.ts';
import { simulatedRunner } from '../simulation/runner.ts';
import { type FloatEnvironment, SimulatedGpu } from '../simulation/simulated-gpu.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { apart, RUNS, spreadOf as spreadOfValues } from '../step/spread.ts';
import { storedRunner } from '../step/stored-runner.ts';
import { single } from '../values.ts';
import { type Curve, isCurve, outputsOf } from './limits.ts';
import { type LlamaRan, type LlamaRun, llamaRun } from './run.ts';

const ARITHMETIC = [
  add,
  crossEntropy,
  embedding,
  loraLinear,
  matmul,
  mul,
  rmsNorm,
  rotaryEmbeddingCache,
  scaledDotProductAttention,
  silu,
];
const SIMULATIONS = new Map(
  ARITHMETIC.map((simulation) => [simulation.op, simulation as Simulation]),
);

/** The run on a simulated GPU. */
export function simulatedRun(
  run: LlamaRun,
  environment: FloatEnvironment,
  seed: number,
): Promise<LlamaRan> {
  return llamaRun(run, simulatedRunner(new SimulatedGpu(environment, seed), SIMULATIONS));
}

/** How far apart curves lie, by step. */
export type Spread = Readonly<Record<Curve, Float64Array>>;

/**
 * How far apart the curves of five float32 runs lie, by step: every operation of their passes is
 * rounded to a random neighbour. A step has the largest distance so far, since runs that have
 * parted stay apart.
 */
export async function spreadOf(run: LlamaRun): Promise<Spread> {
  const runs = Array.from({ length: RUNS }, (_, seed) =>
    simulatedRun(run, { rounding: 'random', contraction: true, flush: false }, seed),
  );
  const ran = await Promise.all(runs);
  const spread = (curve: Curve) => {
    let largest = 0;
    const curves = ran.map((one) => one[curve]?.data as Float64Array);
    const [first] = curves as [Float64Array, ...Float64Array[]];
    return first.map((_, step) => {
      const values = curves.map((data) => data[step] as number);
      // A step that overflowed has no norm, and says nothing of those after it.
      if (values.every(Number.isFinite)) largest = Math.max(largest, apart(values));
      return largest;
    });
  };
  return { losses: spread('losses'), grad_norms: spread('grad_norms') };
}

/**
 * How far apart the outputs of five float32 runs lie whose start weights differ by half a unit in the
 * last place: of a curve by step, no less than the step before; of a tensor its largest.
 */
export async function longSpreadOf(run: LlamaRun): Promise<Readonly<Record<string, Float64Array>>> {
  const { trained, frozen } = run;
  const dense = Object.entries(frozen).filter(([, value]) => 'data' in value);
  const weights = { ...(Object.fromEntries(dense) as Values), ...trained };
  let names: Values = {};
  const spread = await spreadOfValues(weights, 'f32', async (changed) => {
    const of = (values: object) =>
      Object.fromEntries(Object.entries(changed).filter(([name]) => name in values));
    const other = { ...run, trained: of(trained), frozen: { ...frozen, ...of(frozen) } };
    names = outputsOf(await llamaRun(other, storedRunner('float32')));
    return byStep(names);
  });
  return mapped(names, ({ data }, name) => {
    if (!isCurve(name)) return Float64Array.of(spread[name] as number);
    let largest = 0;
    return data.map((_, step) => {
      // A step that overflowed has no norm, and says nothing of those after it.
      const now = spread[`${name}.${step}`] as number;
      if (Number.isFinite(now)) largest = Math.max(largest, now);
      return largest;
    });
  });
}

/** Values with each step of a curve by itself. */
function byStep(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]): (readonly [string, Value])[] =>
      isCurve(name)
        ? Array.from(value.data, (x, step) => [`${name}.${step}`, single(x)] as const)
        : [[name, value]],
    ),
  );
}
