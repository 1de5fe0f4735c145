import type { DifferentiableRunner, GraphValues } from './backward.ts';
import type { Values } from './record.ts';
import { referenceRunner } from './runner.ts';
import { type Accumulation, gradientsOf, type Network } from './step/gradients.ts';
import { rateOf, type Stage, updated } from './step/stages.ts';
import { freshState, type Recipe, type StepState } from './step/state.ts';

/** Training of a network: forward, backward over micro-batches, and the stages of an update. */
export interface TrainingRun extends Recipe, Network {
  /** The graph's other constants, as they are before the first step. */
  readonly trained: Values;
  /** The graph's inputs, step by step and micro-batch by micro-batch. */
  readonly batches: readonly (readonly Values[])[];
  /** All that a step changes, before the first. Default that of a run that begins. */
  readonly from?: StepState | undefined;
}

/** What each step gave, all values and gradients of the first, the state after the last. */
export interface TrainingRan {
  readonly losses: readonly number[];
  readonly grad_norms: readonly number[];
  readonly lrs: readonly number[];
  /** The scale of the loss after each step. */
  readonly scales: readonly number[];
  /** Whether a gradient was not finite, so that the step was left out. */
  readonly found: readonly boolean[];
  readonly first: { readonly values: GraphValues; readonly gradients: Values };
  readonly last: StepState;
}

/** What of one step a curve is made of. */
interface StepRan {
  readonly loss: number;
  readonly norm: number;
  readonly lr: number;
  readonly scale: number;
  readonly found: boolean;
}

/** A wrong way to train: other stages, or another way with micro-batches. */
export interface Mistake {
  readonly stages?: readonly Stage[];
  readonly accumulation?: Accumulation;
}

/** The run in float64, or with passes and weights in the arithmetic of `runner`. */
export async function trainingRun(
  run: TrainingRun,
  runner: DifferentiableRunner = referenceRunner,
  { stages, accumulation }: Mistake = {},
): Promise<TrainingRan> {
  const steps: StepRan[] = [];
  let state = run.from ?? freshState(run, run.trained, run.statistics);
  let position = 0;
  let first: TrainingRan['first'] | undefined;
  for (const parts of run.batches) {
    const { scale, statistics } = state;
    const options = { scale, position, statistics, accumulation };
    const passes = await gradientsOf(run, state.trained, parts, options, runner);
    first ??= passes;
    const { stored } = runner;
    const work = updated(run, state, passes.gradients, { stored, ...(stages ? { stages } : {}) });
    const { found, norm } = work;
    steps.push({ loss: passes.loss, norm, lr: rateOf(run, state), scale: work.state.scale, found });
    state = { ...work.state, statistics: passes.statistics };
    position = passes.position;
  }
  return {
    losses: steps.map(({ loss }) => loss),
    grad_norms: steps.map(({ norm }) => norm),
    lrs: steps.map(({ lr }) => lr),
    scales: steps.map(({ scale }) => scale),
    found: steps.map(({ found }) => found),
    first: first as NonNullable<typeof first>,
    last: state,
  };
}
