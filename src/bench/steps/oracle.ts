import type { Results } from '../../graph/call.ts';
import type { ValueId } from '../../graph/graph.ts';
import { run as runGraph } from '../../graph/run.ts';
import { pausing } from '../../reference/backward.ts';
import { maxAbs } from '../../reference/bounds.ts';
import type { Value, Values } from '../../reference/record.ts';
import { limitBy, spreadOf } from '../../reference/step/spread.ts';
import { storedRunner } from '../../reference/step/stored-runner.ts';
import { type TrainingRun, trainingRun } from '../../reference/training-run.ts';
import { valuesOfHosts } from '../../reference/values.ts';
import type { HostTensor } from '../../tensor/host.ts';
import { AssertionError } from '../../testing/context.ts';
import { drawnTensors } from '../drawn.ts';
import { judgeOutput, type Verdict } from '../oracle.ts';
import type { Pause } from '../pause.ts';
import type { StepWork } from '../work.ts';
import { networkOf } from './network.ts';
import { recipeOf } from './recipes.ts';
import { isTrained, parameterShapes } from './shapes.ts';

/** First steps whose losses are judged, where a work does not say. */
const JUDGED_STEPS = 3;

export const judgedStepsOf = ({ judgedSteps = JUDGED_STEPS }: StepWork): number => judgedSteps;

/** The least that a loss may be off, as a share of the largest. */
const SHARE = 1e-5;

/**
 * The losses of the first steps in float64, and how far others may be off: a share that float32 runs
 * keep, or ten times as far as five float32 runs lie apart, which are made where that decides.
 */
export class StepOracle {
  readonly #run: TrainingRun;
  readonly #inputs: Values;
  readonly #products: 'f32' | 'f16';
  readonly #steps: number;
  readonly #pause: Pause;
  #truth: Value | undefined;
  #spread: number | undefined;

  /** Pauses between the calls of its runs. */
  constructor(work: StepWork, pause: Pause = async () => {}) {
    const { step } = work;
    this.#pause = pause;
    this.#steps = judgedStepsOf(work);
    const values = valuesOfHosts(drawnTensors(work));
    const weights: Record<string, Value> = {};
    const inputs: Record<string, Value> = {};
    const shapes = parameterShapes(step);
    for (const [name, value] of Object.entries(values))
      (name in shapes ? weights : inputs)[name] = value;
    this.#inputs = inputs;
    const trained = Object.entries(weights).filter(([name]) => isTrained(step, name));
    this.#run = {
      ...recipeOf(step),
      ...networkOf(step, weights),
      trained: Object.fromEntries(trained),
      batches: Array.from({ length: this.#steps - 1 }, () => [inputs]),
    };
    this.#products = step.model === 'transformer' ? (step.storage ?? 'f32') : 'f32';
  }

  /** Judges the losses of the first steps. Throws AssertionError. */
  async judge({ outputs }: Results<HostTensor>): Promise<Verdict> {
    this.#truth ??= await this.#losses(this.#run.trained, 'float64');
    const truth = this.#truth;
    const least = SHARE * maxAbs(truth.data);
    const within = (limit: number) =>
      judgeOutput(
        'loss',
        outputs['loss'],
        truth,
        truth.data.map(() => limit),
      );
    try {
      return within(least);
    } catch (error) {
      if (!(error instanceof AssertionError) || error.code !== 'out-of-bound') throw error;
      return within(limitBy(await this.#spreadOfRuns(), least));
    }
  }

  async #losses(trained: Values, others: 'float32' | 'float64'): Promise<Value> {
    const runner = { ...storedRunner(others), pause: this.#pause };
    const { losses, last } = await trainingRun({ ...this.#run, trained }, runner);
    // Of the last step the forward pass alone is needed.
    const { graph, constants } = this.#run;
    const values = await runGraph(graph, pausing(runner), {
      ...constants,
      ...last.trained,
      ...this.#inputs,
    });
    const loss = values.get(graph.outputs['loss'] as ValueId) as Value;
    return { shape: [this.#steps], data: Float64Array.of(...losses, loss.data[0] as number) };
  }

  async #spreadOfRuns(): Promise<number> {
    if (this.#spread === undefined) {
      const { loss } = await spreadOf(this.#run.trained, this.#products, async (trained) => ({
        loss: await this.#losses(trained, 'float32'),
      }));
      this.#spread = loss ?? 0;
    }
    return this.#spread;
  }
}
