import { sizeOf } from '../../tensor/shape.ts';
import type { gradScaler } from '../../vocabulary/optim/grad_scaler.ts';
import type { Schedule } from '../../vocabulary/optim/lr_schedule.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import type { OptimizerParams } from '../optim/optimizers.ts';
import { parameterRuleOf } from '../optim/parameter-rule-of.ts';
import type { Value, Values } from '../record.ts';

/** How a run is trained, by torch's names. */
export interface Recipe {
  readonly optimizer: OptimizerParams & { readonly lr: number };
  readonly schedule: Schedule;
  /** Whether a parameter of this name decays, as the groups of an optimizer say. Default all do. */
  readonly decays?: ((name: string) => boolean) | undefined;
  /** The largest norm of clip_grad_norm_; infinite where nothing is clipped. */
  readonly clip: number;
  /** torch.amp.GradScaler's; absent where the loss is not scaled. */
  readonly scaler?: Omit<ParamsOf<typeof gradScaler>, 'lr'> | undefined;
}

/** All that a step changes. */
export interface StepState {
  readonly trained: Values;
  /**
   * What the optimizer keeps, by its own names and then by parameter: of 8-bit moments codes and
   * their scales, which small parameters have not.
   */
  readonly kept: Readonly<Record<string, Values>>;
  /** Steps that the optimizer has taken. */
  readonly taken: number;
  /** Steps that the schedule has taken. */
  readonly scheduled: number;
  readonly scale: number;
  readonly growth_tracker: number;
  /** Running statistics of normalizations, by their names in the state dict. */
  readonly statistics: Values;
}

/** The state before the first step, of a network with these weights and statistics. */
export function freshState(
  { optimizer, scaler }: Recipe,
  trained: Values,
  statistics: Values = {},
): StepState {
  const kept: Record<string, Record<string, Value>> = {};
  for (const [parameter, { shape }] of Object.entries(trained)) {
    const { state, storage } = parameterRuleOf(optimizer, shape);
    for (const name of state) {
      kept[name] ??= {};
      const of = storage?.[name]?.shape ?? shape;
      kept[name][parameter] = { shape: of, data: new Float64Array(sizeOf(of)) };
    }
  }
  return {
    trained,
    kept,
    taken: 0,
    scheduled: 0,
    scale: scaler?.init_scale ?? 1,
    growth_tracker: 0,
    statistics,
  };
}
