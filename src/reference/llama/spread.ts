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
import { simulatedRunner } from '../simulation/runner.ts';
import { type FloatEnvironment, SimulatedGpu } from '../simulation/simulated-gpu.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { apart, RUNS } from '../step/spread.ts';
import type { Curve } from './limits.ts';
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
