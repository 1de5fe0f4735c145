import type { Examples } from '../../../src/data/examples.ts';
import type { Initial } from '../../../src/models/initial.ts';
import type { Values } from '../../../src/reference/record.ts';
import type { Network } from '../../../src/reference/step/gradients.ts';
import type { Recipe } from '../../../src/reference/step/state.ts';
import type { TrainingRun } from '../../../src/reference/training-run.ts';
import { valuesOfHosts } from '../../../src/reference/values.ts';
import type { DType } from '../../../src/tensor/dtype.ts';
import { Random } from '../../../src/tensor/random.ts';

/** Steps of every run. */
export const STEPS = 4;
/** The stream of the seed from which weights are drawn; batches come from the first. */
export const WEIGHTS = 1;

/**
 * A training of four steps as the replica is told of it: by its own graph, with every number
 * written out that the engine has a default of.
 */
export interface Setting {
  /** All weights before the first step. */
  readonly initial: (random: Random) => Initial;
  /** Which of them are trained. Default all. */
  readonly trains?: (name: string) => boolean;
  /** The network of these weights; random numbers are those of `seed`. */
  readonly network: (weights: Values, seed: number) => Network;
  readonly recipe: Recipe;
  /** The micro-batches of step `step`, which counts from 1, drawn one after the other. */
  readonly draw: (step: number, random: Random) => readonly Examples[];
  /** In what products take the weights. */
  readonly products: DType;
  /** The step that overflows, if one does. */
  readonly overflows?: number;
}

/** A run of the replica before its first step. */
export function runOf(setting: Setting, seed: number): TrainingRun {
  const { initial, trains = () => true, network, recipe } = setting;
  const weights = valuesOfHosts(Object.fromEntries(initial(new Random(seed, WEIGHTS))));
  const trained = Object.entries(weights).filter(([name]) => trains(name));
  const batches = batchesOf(setting, seed);
  return {
    ...recipe,
    ...network(weights, seed),
    trained: Object.fromEntries(trained),
    batches: batches.map((parts) => parts.map(valuesOfExamples)),
  };
}

/** The micro-batches of all steps. */
export function batchesOf({ draw }: Setting, seed: number): readonly (readonly Examples[])[] {
  const random = new Random(seed);
  return Array.from({ length: STEPS }, (_, step) => draw(step + 1, random));
}

function valuesOfExamples({ inputs, labels }: Examples): Values {
  return valuesOfHosts({ ...inputs, labels });
}
