import type { AutocastType } from '../autograd/autocast.ts';
import type { Schedule } from '../vocabulary/optim/lr_schedule.ts';
import type { LossScaling } from './loss-scaler.ts';
import {
  check,
  checkOptimizer,
  HYPERPARAMETERS,
  notNegative,
  number,
  oneOf,
  type Rule,
  SettingsError,
  unit,
} from './settings-rules.ts';
import { type OptimizerParams, scaledRule } from './update-rule.ts';

/**
 * What people may choose of how a run's parameters are updated; torch's and transformers' names.
 */
export interface TrainingSettings {
  /**
   * The optimizer, and what of its hyperparameters is not torch's default. Default adamw with lr
   * 0.003 and no weight decay.
   */
  readonly optimizer: OptimizerParams;
  /** Over the whole run; default linear, with a warm-up of 3 % of the steps. */
  readonly schedule: Pick<Schedule, 'name' | 'num_cycles'> & {
    /**
     * Share of the steps over which the rate rises from 0, as TrainingArguments has it; the number
     * of steps is rounded up.
     */
    readonly warmup_ratio: number;
  };
  /**
   * The largest norm that all gradients together keep; 0 leaves them as they are. Default 0.3, as
   * in QLoRA.
   */
  readonly max_grad_norm: number;
  /** The format in which products are stored, as torch.autocast has it. Default none. */
  readonly autocast?: AutocastType | undefined;
  /**
   * Loss scaling that follows what gradients overflow, as torch.amp.GradScaler has it; float16
   * wants it. Default none.
   */
  readonly grad_scaler?: LossScaling | undefined;
}

/** The schedule of a run in steps. */
export function scheduleOf({
  schedule,
  steps,
}: Pick<TrainingSettings, 'schedule'> & { readonly steps: number }): Schedule {
  const { warmup_ratio, ...rest } = schedule;
  return { warmup: Math.ceil(warmup_ratio * steps), total: steps, ...rest };
}

const POSITIVE = number('above 0', (x) => x > 0);
const ANY_SCHEDULE = {
  name: oneOf('constant', 'linear', 'cosine'),
  warmup_ratio: unit,
};
const COSINE = { ...ANY_SCHEDULE, num_cycles: notNegative };
const SCALER = {
  init_scale: POSITIVE,
  growth_factor: number('above 1', (x) => x > 1),
  backoff_factor: number('above 0 and below 1', (x) => x > 0 && x < 1),
  growth_interval: number(
    'that is whole, from 1 to 2^31 - 1',
    (x) => Number.isInteger(x) && x >= 1 && x < 2 ** 31,
  ),
} satisfies Record<keyof LossScaling, Rule>;
const SETTINGS: readonly (keyof TrainingSettings)[] = [
  'optimizer',
  'schedule',
  'max_grad_norm',
  'autocast',
  'grad_scaler',
];

/**
 * Settings from parsed JSON, what is absent taken from `defaults`:
 * `{"optimizer": {"optimizer": "sgd", "lr": 0.1}, "schedule": {"name": "cosine"}, "max_grad_norm": 1}`.
 * Another optimizer or schedule than the default's takes nothing that only that one has. Throws
 * SettingsError, and GradproofError `not-implemented` for loss scaling with an optimizer that
 * cannot have it.
 */
export function readSettings(value: unknown, defaults: TrainingSettings): TrainingSettings {
  const given = fieldsOf('the settings', value, SETTINGS);
  const {
    optimizer = {},
    schedule = {},
    max_grad_norm = defaults.max_grad_norm,
    autocast,
    grad_scaler,
  } = given;
  const chosen = fieldsOf('optimizer', optimizer, HYPERPARAMETERS);
  const name = chosen['optimizer'] ?? defaults.optimizer.optimizer;
  const base = name === defaults.optimizer.optimizer ? defaults.optimizer : { optimizer: name };
  const all = { ...base, ...chosen };
  // A run that cannot learn is a mistake, though an optimizer may stand still.
  if ('lr' in all) check('optimizer', { lr: all.lr }, { lr: POSITIVE });
  checkOptimizer(all);
  const { num_cycles, ...shape } = defaults.schedule;
  const asked = fieldsOf('schedule', schedule, Object.keys(COSINE));
  const course = asked['name'] ?? shape.name;
  const cycles = course === shape.name && num_cycles !== undefined ? { num_cycles } : {};
  const moved = { ...shape, ...cycles, ...asked };
  check('schedule', moved, course === 'cosine' ? COSINE : ANY_SCHEDULE, course);
  check('the settings', { max_grad_norm }, { max_grad_norm: notNegative });
  if (autocast !== undefined)
    check('the settings', { autocast }, { autocast: oneOf('float16', 'bfloat16') });
  const scaler =
    grad_scaler === undefined
      ? undefined
      : fieldsOf('grad_scaler', grad_scaler, Object.keys(SCALER));
  check('grad_scaler', scaler ?? {}, SCALER);
  const chosenOptimizer = all as unknown as OptimizerParams;
  // For its error.
  if (scaler ?? defaults.grad_scaler) scaledRule(chosenOptimizer, { name: 'constant' });
  return {
    optimizer: chosenOptimizer,
    schedule: moved,
    max_grad_norm: max_grad_norm as number,
    autocast: (autocast as AutocastType | undefined) ?? defaults.autocast,
    grad_scaler: scaler ?? defaults.grad_scaler,
  };
}

function fieldsOf(
  where: string,
  value: unknown,
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SettingsError(`${where} must be an object with some of ${known.join(', ')}`);
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new SettingsError(
      `${where}: there is no "${unknown.slice(0, 40)}"; there are ${known.join(', ')}`,
    );
  return value as Readonly<Record<string, unknown>>;
}
