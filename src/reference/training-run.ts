import { mapped } from '../graph/call.ts';
import type { Graph, ValueId } from '../graph/graph.ts';
import { run as runGraph } from '../graph/run.ts';
import { lrSchedule, type Schedule } from '../vocabulary/optim/lr_schedule.ts';
import { completed } from '../vocabulary/signature.ts';
import { backward, type DifferentiableRunner, type GraphValues } from './backward.ts';
import { record as clipGradNorm } from './optim/clip_grad_norm.ts';
import { rateAt } from './optim/lr_schedule.ts';
import { type Element, type OptimizerParams, type Rule, ruleOf } from './optim/optimizers.ts';
import type { Value, Values } from './record.ts';
import { referenceRunner } from './runner.ts';

/**
 * Training of a graph that gives `loss`: zero_grad, forward, backward, clip_grad_norm_,
 * optimizer.step with the rate of the step.
 */
export interface TrainingRun {
  readonly graph: Graph;
  /** Of the graph's constants, those that stay. */
  readonly constants: Values;
  /** The others, as they are before the first step. */
  readonly trained: Values;
  /** The graph's inputs, step by step. */
  readonly batches: readonly Values[];
  readonly optimizer: OptimizerParams & { readonly lr: number };
  readonly schedule: Schedule;
  readonly clip: number;
}

/** What each step gave, all values and gradients of the first, the weights after the last. */
export interface TrainingRan {
  readonly losses: readonly number[];
  readonly grad_norms: readonly number[];
  readonly lrs: readonly number[];
  readonly first: { readonly values: GraphValues; readonly gradients: Values };
  readonly final: Values;
}

/** The run in float64, or with passes and weights in the arithmetic of `runner`. */
export async function trainingRun(
  { graph, constants, batches, optimizer, schedule, clip, ...run }: TrainingRun,
  runner: DifferentiableRunner = referenceRunner,
): Promise<TrainingRan> {
  const rule = ruleOf(optimizer, false);
  const names = Object.keys(run.trained);
  let trained = run.trained;
  const states = new Map(names.map((name) => [name, stateOf(rule, trained[name] as Value)]));
  const curves = { losses: [] as number[], grad_norms: [] as number[], lrs: [] as number[] };
  const { loss } = graph.outputs as { readonly loss: ValueId };
  let first: TrainingRan['first'] | undefined;
  for (const [step, batch] of batches.entries()) {
    const values = await runGraph(graph, runner, { ...constants, ...trained, ...batch });
    const one = { shape: [1], data: Float64Array.of(1) };
    const flow = backward(graph, values, new Map([[loss, one]]), runner);
    const gradients = mapped(
      trained,
      (value, name) => flow.get(graph.constants[name] as ValueId) ?? zerosLike(value),
    );
    first ??= { values, gradients };
    const { norm, ...clipped }: Values = clipGradNorm.forward(gradients, { max_norm: clip });
    const lr = rateAt(completed(lrSchedule, { ...schedule, base_lr: optimizer.lr }), step);
    curves.losses.push(values.get(loss)?.data[0] as number);
    curves.grad_norms.push(norm?.data[0] as number);
    curves.lrs.push(lr);
    const atRate = ruleOf({ ...optimizer, lr }, false);
    const stepped = names.map((name) => {
      const { shape, data } = clipped[name] as Value;
      const after = (states.get(name) as readonly Element[]).map((before, i) =>
        atRate.step(before, data[i] as number, step + 1),
      );
      const value = {
        shape,
        data: Float64Array.from(after, ({ param }) => runner.stored(param as number)),
      };
      states.set(
        name,
        after.map((element, i) => ({ ...element, param: value.data[i] as number })),
      );
      return [name, value] as const;
    });
    trained = Object.fromEntries(stepped);
  }
  return { ...curves, first: first as NonNullable<typeof first>, final: trained };
}

/** Every element with what the optimizer keeps of it, nothing yet. */
function stateOf({ state }: Rule, { data }: Value): readonly Element[] {
  const fresh = Object.fromEntries(state.map((name) => [name, 0]));
  return Array.from(data, (param) => ({ ...fresh, param }));
}

function zerosLike({ shape, data }: Value): Value {
  return { shape, data: new Float64Array(data.length) };
}
