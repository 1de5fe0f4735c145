import { mapped } from '../../graph/call.ts';
import type { ValueId } from '../../graph/graph.ts';
import { run as runGraph } from '../../graph/run.ts';
import { lrSchedule, type Schedule } from '../../vocabulary/optim/lr_schedule.ts';
import { completed } from '../../vocabulary/signature.ts';
import { backward, type DifferentiableRunner } from '../backward.ts';
import { record as clipGradNorm } from '../optim/clip_grad_norm.ts';
import { rateAt } from '../optim/lr_schedule.ts';
import { type Element, type OptimizerParams, type Rule, ruleOf } from '../optim/optimizers.ts';
import type { Value, Values } from '../record.ts';
import { referenceRunner } from '../runner.ts';
import {
  type Adapter,
  constantsOf,
  type LlamaConfig,
  llamaGraph,
  type StateDict,
} from './model.ts';

/**
 * A training run of a Llama: zero_grad, forward, backward, clip_grad_norm_, optimizer.step with the
 * rate of the step.
 */
export interface LlamaRun {
  readonly config: LlamaConfig;
  readonly adapter?: Adapter | undefined;
  readonly optimizer: OptimizerParams & { readonly lr: number };
  readonly schedule: Schedule;
  readonly clip: number;
  /** By transformers' names, as they are before the first step. */
  readonly trained: Values;
  readonly frozen: StateDict;
  /** [steps, B, S]. */
  readonly input_ids: Value;
  readonly labels: Value;
}

/**
 * What a run gave: `losses`, `grad_norms` and `lrs` by step, the gradients of the first, the
 * weights after the last.
 */
export interface LlamaRan {
  readonly losses: Value;
  readonly grad_norms: Value;
  readonly lrs: Value;
  readonly logits_step0: Value;
  readonly grad0: Values;
  readonly final: Values;
}

/** The run in float64, or with passes and weights in the arithmetic of `runner`. */
export async function llamaRun(
  run: LlamaRun,
  runner: DifferentiableRunner = referenceRunner,
): Promise<LlamaRan> {
  const { config, adapter, optimizer, schedule, clip, frozen, input_ids, labels } = run;
  const rule = ruleOf(optimizer, false);
  const names = Object.keys(run.trained);
  let trained = run.trained;
  const states = new Map(names.map((name) => [name, stateOf(rule, trained[name] as Value)]));
  const curves = { losses: [] as number[], grad_norms: [] as number[], lrs: [] as number[] };
  const weights = { ...frozen, ...trained };
  const model = { config, adapter, weights, batch: input_ids.shape.slice(1) };
  const graph = llamaGraph(model);
  const constants = constantsOf(model);
  const { logits, loss } = graph.outputs as { readonly logits: ValueId; readonly loss: ValueId };
  let first: Pick<LlamaRan, 'logits_step0' | 'grad0'> | undefined;
  for (let step = 0; step < (input_ids.shape[0] as number); step++) {
    const batch = { ids: at(input_ids, step), labels: at(labels, step) };
    const values = await runGraph(graph, runner, { ...constants, ...trained, ...batch });
    const one = { shape: [1], data: Float64Array.of(1) };
    const flow = backward(graph, values, new Map([[loss, one]]), runner);
    const gradients = mapped(
      trained,
      (value, name) => flow.get(graph.constants[name] as ValueId) ?? zerosLike(value),
    );
    first ??= { logits_step0: values.get(logits) as Value, grad0: gradients };
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
  const curve = (data: readonly number[]): Value => ({
    shape: [data.length],
    data: Float64Array.from(data),
  });
  return {
    losses: curve(curves.losses),
    grad_norms: curve(curves.grad_norms),
    lrs: curve(curves.lrs),
    ...(first as NonNullable<typeof first>),
    final: trained,
  };
}

/** Every element with what the optimizer keeps of it, nothing yet. */
function stateOf({ state }: Rule, { data }: Value): readonly Element[] {
  const fresh = Object.fromEntries(state.map((name) => [name, 0]));
  return Array.from(data, (param) => ({ ...fresh, param }));
}

function zerosLike({ shape, data }: Value): Value {
  return { shape, data: new Float64Array(data.length) };
}

/** The batch of a step. */
function at({ shape, data }: Value, step: number): Value {
  const size = data.length / (shape[0] as number);
  return { shape: shape.slice(1), data: data.subarray(step * size, (step + 1) * size) };
}
