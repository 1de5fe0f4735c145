import type { Recipe } from '../../../src/reference/step/state.ts';
import type { OptimizerOptions } from '../../../src/train/optimizer.ts';
import type { OptimizerParams } from '../../../src/train/update-rule.ts';
import type { Row } from './options.ts';

/** Steps of every schedule: more than are made. */
const TOTAL = 6;
/** What no gradient's norm reaches, and what each does. */
const MAX_NORM = { inactive: 1e6, active: 0.01 } as const;

/** Each optimizer, with every number as the replica has it and with what is no default of torch. */
const OPTIMIZERS: Readonly<
  Record<Row['optimizer'], { readonly given: OptimizerParams; readonly all: Recipe['optimizer'] }>
> = {
  adamw: {
    given: { optimizer: 'adamw', lr: 0.01 },
    all: {
      optimizer: 'adamw',
      lr: 0.01,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weight_decay: 0.01,
      bias_correction: true,
    },
  },
  adam: {
    given: { optimizer: 'adam', lr: 0.02, betas: [0.8, 0.99], weight_decay: 0.1 },
    all: {
      optimizer: 'adam',
      lr: 0.02,
      betas: [0.8, 0.99],
      eps: 1e-8,
      weight_decay: 0.1,
      bias_correction: true,
    },
  },
  sgd: {
    given: { optimizer: 'sgd', lr: 0.1 },
    all: {
      optimizer: 'sgd',
      lr: 0.1,
      momentum: 0,
      dampening: 0,
      weight_decay: 0,
      nesterov: false,
    },
  },
  nesterov: {
    given: { optimizer: 'sgd', lr: 0.05, momentum: 0.9, weight_decay: 0.01, nesterov: true },
    all: {
      optimizer: 'sgd',
      lr: 0.05,
      momentum: 0.9,
      dampening: 0,
      weight_decay: 0.01,
      nesterov: true,
    },
  },
};

const STEADY = { init_scale: 512, growth_factor: 2, backoff_factor: 0.5, growth_interval: 3 };
/**
 * The scale grows after the first step beyond what the format holds, falls back so far that it
 * does not get there again, and has grown once more at the end.
 */
const OVERFLOWING = {
  float16: {
    init_scale: 2 ** 2,
    growth_factor: 2 ** 16,
    backoff_factor: 2 ** -32,
    growth_interval: 1,
  },
  float32: {
    init_scale: 2 ** 9,
    growth_factor: 2 ** 117,
    backoff_factor: 2 ** -125,
    growth_interval: 1,
  },
};

/** How the replica trains. */
export function recipeOf(row: Row): Recipe {
  return {
    optimizer: OPTIMIZERS[row.optimizer].all,
    schedule: { ...scheduleOf(row), num_cycles: 0.5 },
    clip: row.clipping === 'off' ? Number.POSITIVE_INFINITY : MAX_NORM[row.clipping],
    scaler: scalerOf(row),
  };
}

/** The same for the engine, without its defaults. */
export function optimizerOf(row: Row): readonly [OptimizerParams, OptimizerOptions] {
  const around = {
    schedule: scheduleOf(row),
    max_grad_norm: row.clipping === 'off' ? undefined : MAX_NORM[row.clipping],
    grad_scaler: row.scaling === 'on' ? { init_scale: 512, growth_interval: 3 } : scalerOf(row),
    keep_gradients: true,
  };
  return [OPTIMIZERS[row.optimizer].given, around];
}

function scheduleOf({ schedule: name, warmup }: Row) {
  return { name, warmup, total: TOTAL } as const;
}

function scalerOf({ scaling, autocast }: Row) {
  if (scaling === 'off') return undefined;
  if (scaling === 'on') return STEADY;
  return OVERFLOWING[autocast === 'float16' ? 'float16' : 'float32'];
}
