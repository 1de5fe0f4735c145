import { InvariantError } from '../errors.ts';
import { launchers } from '../ops/registry.ts';
import { depthOf } from '../ops/variants.ts';
import { drawSample } from '../reference/drawn.ts';
import { judge } from '../reference/judge.ts';
import type { Acceptances, Arithmetic, OpRecord, Sample, Values } from '../reference/record.ts';
import type { Rounding } from '../reference/simulation/rounding.ts';
import { type SimulatedGpu, simulatedGpus } from '../reference/simulation/simulated-gpu.ts';
import type { Simulation } from '../reference/simulation/simulation.ts';
import { demanded } from '../reference/truth.ts';

/** Largest share of its bound that a result took, by rounding. */
export type Shares = Record<Rounding, number>;

/**
 * The samples of an op and of its simulation, computed by simulated GPUs and judged by the op's
 * record as a device's results are.
 */
export class Trial {
  /** By output, or by gradient. */
  readonly shares = new Map<string, Shares>();
  /** What was judged wrong: false alarms, since the arithmetic is legal. */
  readonly alarms: string[] = [];
  compared = 0;
  readonly #record: OpRecord;
  readonly #simulation: Simulation | undefined;

  constructor(record: OpRecord, simulation: Simulation | undefined) {
    this.#record = record;
    this.#simulation = simulation;
  }

  /** Draws until so many elements are judged, or so many times. */
  runAll({ elements, draws }: { readonly elements: number; readonly draws: number }): void {
    for (let seed = 0; this.compared < elements && seed < draws; seed++) this.run(seed);
  }

  /**
   * Every sample of floats on every variant, drawn from `seed`; contraction and flushing take turns.
   */
  run(seed: number): void {
    const own = this.#record.samples.filter(({ integers }) => !integers);
    const samples = [...own, ...(this.#simulation?.samples ?? [])];
    for (const [i, sample] of samples.entries()) this.#runSample(sample, seed, seed + i);
  }

  #runSample(sample: Sample<object>, seed: number, turn: number): void {
    const { inputs, grads } = drawSample(sample, seed);
    const { params } = sample;
    const { name, forward, forwardFrom, forwardChosen, acceptance, vjp, vjpAcceptance } =
      this.#record;
    const simulation = this.#simulation;
    const outputs = forward(inputs, params);
    const gradients = grads && vjp?.(inputs, params, grads);
    const variants = launchers.get(name)?.variants ?? {};
    for (const [i, variant] of (sample.variants ?? Object.keys(variants)).entries()) {
      if (!variants[variant]) throw new InvariantError(`${name} has no variant ${variant}`);
      const arithmetic: Arithmetic = { depth: depthOf(variants[variant]), ieee: false };
      const accepted = acceptance(inputs, outputs, params, arithmetic);
      if (!simulation) {
        this.#withoutSimulation(accepted);
        continue;
      }
      const acceptedGradients =
        grads && gradients && vjpAcceptance?.(inputs, gradients, params, grads, arithmetic);
      for (const gpu of simulatedGpus(turn + i)) {
        const actual = simulation.forward(gpu, inputs, params, variant);
        const oracle = (forwardFrom ?? forwardChosen)?.(inputs, actual, params);
        this.#judge(
          gpu,
          sample,
          actual,
          oracle ?? outputs,
          oracle ? acceptance(inputs, oracle, params, arithmetic) : accepted,
        );
        if (!grads || !gradients || !acceptedGradients) continue;
        const backward = simulation.backward?.(gpu, inputs, params, grads, variant) ?? {};
        this.#judge(gpu, sample, backward, gradients, acceptedGradients, 'gradient of ');
      }
    }
  }

  #judge(
    gpu: SimulatedGpu,
    sample: Sample<object>,
    actual: Values,
    oracle: Values,
    acceptances: Acceptances,
    what = '',
  ): void {
    for (const [name, acceptance] of Object.entries(demanded(sample.level, acceptances))) {
      const got = actual[name];
      const truth = oracle[name];
      if (!got || !truth)
        throw new InvariantError(`the simulation of ${this.#record.name} has no ${what}${name}`);
      const { ok, compared, accuracy, firstWrong } = judge(got, truth, acceptance);
      const { rounding } = gpu.environment;
      this.compared += compared;
      if (!ok)
        this.alarms.push(
          JSON.stringify({
            result: what + name,
            ...gpu.environment,
            sample: sample.label,
            accuracy,
            firstWrong,
          }),
        );
      if (acceptance.kind !== 'within') continue;
      const shares = this.shares.get(what + name) ?? { nearest: 0, random: 0, truncate: 0, up: 0 };
      shares[rounding] = Math.max(
        shares[rounding],
        accuracy?.boundUsed ?? Number.POSITIVE_INFINITY,
      );
      this.shares.set(what + name, shares);
    }
  }

  /** An op that only copies or encodes has no arithmetic to simulate. */
  #withoutSimulation(acceptances: Acceptances): void {
    for (const [name, { kind }] of Object.entries(acceptances)) {
      if (kind === 'within')
        throw new InvariantError(
          `${name} of ${this.#record.name} has a bound, but the op has no simulation`,
        );
    }
    this.compared = Number.POSITIVE_INFINITY;
  }
}
