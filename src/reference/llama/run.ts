import { mapped } from '../../graph/call.ts';
import type { ValueId } from '../../graph/graph.ts';
import type { DifferentiableRunner } from '../backward.ts';
import type { HalfType } from '../networks/author.ts';
import type { Value, Values } from '../record.ts';
import { ACCUMULATION, MEAN_OF_BATCHES } from '../step/gradients.ts';
import type { Recipe, StepState } from '../step/state.ts';
import { storedRunner } from '../step/stored-runner.ts';
import { trainingRun } from '../training-run.ts';
import {
  type Adapter,
  constantsOf,
  type LlamaConfig,
  llamaGraph,
  packedInputs,
  type StateDict,
} from './model.ts';

/**
 * A training run of a Llama: zero_grad, forward and backward over micro-batches, and the update by
 * its recipe.
 */
export interface LlamaRun extends Recipe {
  readonly config: LlamaConfig;
  readonly adapter?: Adapter | undefined;
  /** Of each linear by its name, in the place of `adapter`. */
  readonly adapters?: ReadonlyMap<string, Adapter> | undefined;
  /** Products as torch.autocast stores them. Default float32. */
  readonly autocast?: HalfType | undefined;
  /** Micro-batches of a step. Default 1. */
  readonly grad_accum?: number;
  /** Whether its loss is the mean over all labels, or of the means of its micro-batches. Default `token`. */
  readonly accum_mean?: 'token' | 'batch';
  /** All that a step changes, before the first step. Default that of a run that begins. */
  readonly from?: StepState | undefined;
  /** Whether backward computes each block again, which changes no number. Default no. */
  readonly checkpointing?: boolean;
  /** By transformers' names, as they are before the first step. */
  readonly trained: Values;
  readonly frozen: StateDict;
  /** [steps * grad_accum, B, S]. */
  readonly input_ids: Value;
  readonly labels: Value;
  /** Which text each token is of, where rows hold several: [steps * grad_accum, B, S]. */
  readonly documents?: Value;
}

/**
 * What a run gave: `losses`, `grad_norms`, `lrs` and `scale` by step, the gradients of the first,
 * the weights after the last.
 */
export interface LlamaRan {
  readonly losses: Value;
  /** Of all gradients before they are clipped, NaN in a step that is left out. */
  readonly grad_norms?: Value;
  readonly lrs: Value;
  /** The scale of the loss after each step, where it is scaled. */
  readonly scale?: Value;
  readonly logits_step0: Value;
  readonly grad0: Values;
  readonly final: Values;
  /** What the optimizer keeps after the last step, by its names and then by parameter. */
  readonly kept: StepState['kept'];
}

/** The run in float64, or with passes and weights in the arithmetic of `runner`. */
export async function llamaRun(
  run: LlamaRun,
  runner: DifferentiableRunner = storedRunner('float64'),
): Promise<LlamaRan> {
  const { config, adapter, adapters, autocast, trained, frozen, scaler } = run;
  const batches = batchesOf(run);
  const [part] = batches.flat() as [{ readonly ids: Value }];
  const model = {
    config,
    adapter,
    adapters,
    weights: { ...frozen, ...trained },
    trained: new Set(Object.keys(trained)),
    batch: part.ids.shape,
    autocast,
    isPacked: run.documents !== undefined,
  };
  const graph = llamaGraph(model);
  const constants = constantsOf(model);
  const { first, losses, grad_norms, lrs, scales, found, last } = await trainingRun(
    { ...run, graph, constants, batches, shift: true },
    runner,
    { accumulation: run.accum_mean === 'batch' ? MEAN_OF_BATCHES : ACCUMULATION },
  );
  const curve = (data: readonly number[]): Value => ({
    shape: [data.length],
    data: Float64Array.from(data),
  });
  return {
    losses: curve(losses),
    grad_norms: curve(grad_norms.map((norm, step) => (found[step] ? Number.NaN : norm))),
    lrs: curve(lrs),
    ...(scaler ? { scale: curve(scales) } : {}),
    logits_step0: first.values.get(graph.outputs['logits'] as ValueId) as Value,
    grad0: scaler
      ? scaledBy(1 / (run.from?.scale ?? scaler.init_scale), first.gradients)
      : first.gradients,
    final: last.trained,
    kept: last.kept,
  };
}

/** The micro-batches of each step. */
function batchesOf({
  config,
  input_ids,
  labels,
  documents,
  grad_accum = 1,
}: LlamaRun): readonly (readonly Values[])[] {
  const steps = (input_ids.shape[0] as number) / grad_accum;
  return Array.from({ length: steps }, (_, step) =>
    Array.from({ length: grad_accum }, (_each, part) => {
      const place = step * grad_accum + part;
      const packed = documents ? packedInputs(config, at(documents, place)) : {};
      return { ids: at(input_ids, place), labels: at(labels, place), ...packed };
    }),
  );
}

/** One micro-batch of all. */
function at({ shape, data }: Value, place: number): Value {
  const size = data.length / (shape[0] as number);
  return { shape: shape.slice(1), data: data.subarray(place * size, (place + 1) * size) };
}

function scaledBy(factor: number, values: Values): Values {
  return mapped(values, ({ shape, data }) => ({ shape, data: data.map((x) => x * factor) }));
}
