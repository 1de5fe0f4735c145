import { FormatError } from '../../../formats/format-error.ts';
import type { StoredTensors } from '../../../formats/parity-bundle/check.ts';
import type { TrainLlamaParams } from '../../../formats/parity-bundle/train-llama.ts';
import { float64Of } from '../../../formats/safetensors/stored.ts';
import type { LlamaRun } from '../../../reference/llama/run.ts';
import type { Value, Values } from '../../../reference/record.ts';
import { freshState, type StepState } from '../../../reference/step/state.ts';
import { formatShape, sameShape } from '../../../tensor/shape.ts';
import { recordedNames } from './names.ts';

const STATE = /^state\.([1-9]\d*)\./;

/**
 * The states that were recorded, each as it stood before its step, which counts from 1. Throws
 * FormatError for a step that the run has not, or that it says was recorded and is not, and for a
 * state that lacks a part.
 */
export function statesOf(
  params: TrainLlamaParams,
  run: LlamaRun,
  outputs: StoredTensors,
): ReadonlyMap<number, StepState> {
  const found = Object.keys(outputs).flatMap((name) => {
    if (!name.startsWith('state.')) return [];
    const step = Number(STATE.exec(name)?.[1]);
    if (!(step <= params.steps))
      throw new FormatError(
        `train_llama: out.${name} is no state before one of the run's ${params.steps} steps`,
      );
    return [step];
  });
  const said = (params.state_steps ?? []).filter((step) => step <= params.steps);
  const steps = [...new Set([...found, ...said])].sort((a, b) => a - b);
  return new Map(steps.map((step) => [step, stateBefore(step, run, outputs)]));
}

function stateBefore(step: number, run: LlamaRun, outputs: StoredTensors): StepState {
  const fresh = freshState(run, run.trained);
  const part = (names: readonly string[], { shape }: Pick<Value, 'shape'>): Value => {
    const [first = ''] = names;
    const stored = names.map((name) => outputs[`state.${step}.${name}`]).find((one) => one);
    if (!stored) throw new FormatError(`train_llama: out.state.${step}.${first} is missing`);
    if (!sameShape(stored.shape, shape))
      throw new FormatError(
        `train_llama: out.state.${step}.${first} has shape ${formatShape(stored.shape)} and should have ${formatShape(shape)}`,
      );
    return { shape, data: float64Of(stored) };
  };
  const each = (values: Values, suffix: string): Values =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => {
        const names = recordedNames(name).map((one) => one + suffix);
        return [name, part(names, value)] as const;
      }),
    );
  const number = (name: string) => part([name], { shape: [1] }).data[0] as number;
  const taken = takenBefore(step, run, outputs);
  return {
    ...fresh,
    trained: each(run.trained, ''),
    kept: Object.fromEntries(
      Object.entries(fresh.kept).map(([name, values]) => [name, each(values, `.${name}`)]),
    ),
    taken,
    scheduled: taken,
    ...(run.scaler ? { scale: number('scale'), growth_tracker: number('growth_tracker') } : {}),
  };
}

/** Steps that the optimizer took before: the scale of the loss falls where one was left out. */
function takenBefore(step: number, { scaler }: LlamaRun, { scale }: StoredTensors): number {
  if (!scaler || !scale) return step - 1;
  const scales = [scaler.init_scale, ...float64Of(scale).subarray(0, step - 1)];
  const fell = scales.filter((x, i) => i > 0 && x < (scales[i - 1] as number));
  return step - 1 - fell.length;
}
