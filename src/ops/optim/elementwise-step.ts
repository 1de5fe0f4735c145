import type { Gpu } from '../../gpu/gpu.ts';
import type { Constants } from '../../gpu/pipelines.ts';
import { Scope } from '../../gpu/scope.ts';
import { f32, gridOfFours, type Shader, u32, uniformsAt } from '../../gpu/shader.ts';
import { Tensor, type Tensors } from '../../tensor/tensor.ts';
import type { LiveNumber } from '../../vocabulary/live-number.ts';
import type { StateName } from '../../vocabulary/optim/optimizer_step.ts';
import type { optimizerSteps } from '../../vocabulary/optim/optimizer_steps.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { checkState } from './step-state.ts';

/** An optimizer and its hyperparameters, the library's defaults where they are absent. */
export type Params = ParamsOf<typeof optimizerSteps>;

/** An optimizer whose kernel moves each element by itself. */
export interface ElementwiseStep {
  readonly shader: Shader;
  readonly constants?: Constants;
  /** What it keeps, in the kernel's order; undefined for a binding that is not used. */
  readonly binds: readonly (StateName | undefined)[];
  /** The rate that it has where no schedule changes it. */
  readonly lr: number;
  /** Numbers of step `step`, which counts from 1, in the kernel's order after the count. */
  readonly scalars: (lr: number, step: number) => readonly number[];
  /** What torch keeps, and here follows from the steps that were taken. */
  readonly counted?: (steps: number) => Readonly<Record<string, number>>;
}

/** What it keeps. */
export function stateOf({ binds }: ElementwiseStep): readonly StateName[] {
  return binds.filter((name) => name !== undefined);
}

/**
 * One step, in place over `param`, `grad` and what the optimizer keeps, at the rate of that step.
 * `step` counts from 1; replays of a captured step ask for it again. Throws ShapeError when the
 * sizes differ, and ElementTypeError for halves.
 */
export function stepElementwise(
  gpu: Gpu,
  { shader, constants, binds, scalars }: ElementwiseStep,
  tensors: Tensors,
  lrAt: (step: number) => number,
  step: LiveNumber,
): void {
  const { param, grad } = tensors as { readonly param: Tensor; readonly grad: Tensor };
  using unused = new Scope();
  const kept = binds.map((name) =>
    name === undefined ? unused.add(Tensor.empty(gpu, 'f32', [1])) : (tensors[name] as Tensor),
  );
  const named = binds.flatMap((name, i) => (name === undefined ? [] : [[name, kept[i] as Tensor]]));
  checkState(shader.file, { param, grad, ...Object.fromEntries(named) });
  gpu.dispatch({
    shader,
    ...(constants && { constants }),
    bindings: [grad, param, ...kept].map((tensor) => tensor.binding),
    uniforms: uniformsAt(step, (t) => [u32(param.size), ...scalars(lrAt(t), t).map(f32)]),
    workgroups: gridOfFours(param.size),
  });
}
