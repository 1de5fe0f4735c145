import { GradproofError } from '../errors.ts';
import type { OptimizerParams } from './update-rule.ts';

/** Settings that cannot be used; the message names the setting, its value and what is allowed. */
export class SettingsError extends GradproofError {
  constructor(message: string) {
    super('bad-settings', message);
  }
}

/** Whether a value is allowed, and in words what is. */
export interface Rule {
  readonly allows: (value: unknown) => boolean;
  readonly what: string;
}

/** A number that `allows`. */
export const number = (what: string, allows: (x: number) => boolean): Rule => ({
  allows: (value) => typeof value === 'number' && Number.isFinite(value) && allows(value),
  what: `a number ${what}`,
});
const share = number('from 0 to less than 1', (x) => x >= 0 && x < 1);
/** A number from 0 on. */
export const notNegative = number('of 0 or more', (x) => x >= 0);
const truth: Rule = { allows: (value) => typeof value === 'boolean', what: 'true or false' };
/** One of these words. */
export const oneOf = (...names: readonly string[]): Rule => ({
  allows: (value) => names.includes(value as string),
  what: `one of ${names.join(', ')}`,
});

/** A share, both ends among them. */
export const unit = number('from 0 to 1', (x) => x >= 0 && x <= 1);
const NAMES: readonly OptimizerParams['optimizer'][] = [
  ...([
    'adamw',
    'adam',
    'sgd',
    'adadelta',
    'rmsprop',
    'nadam',
    'radam',
    'muon',
    'adamw8bit',
  ] as const),
];
const ANY_OPTIMIZER = {
  optimizer: oneOf(...NAMES),
  lr: notNegative,
  weight_decay: notNegative,
};
const MOMENTS = {
  ...ANY_OPTIMIZER,
  betas: {
    allows: (value) => Array.isArray(value) && value.length === 2 && value.every(share.allows),
    what: 'two numbers from 0 to less than 1',
  },
  eps: number('above 0', (x) => x > 0),
} satisfies Record<string, Rule>;
const ADAM = { ...MOMENTS, bias_correction: truth, amsgrad: truth };
const whole = (what: string, allows: (x: number) => boolean) =>
  number(`that is ${what}`, (x) => Number.isInteger(x) && allows(x));
const RADAM = { ...MOMENTS, decoupled_weight_decay: truth };
const OPTIMIZERS: Readonly<Record<OptimizerParams['optimizer'], Readonly<Record<string, Rule>>>> = {
  adamw: ADAM,
  adam: ADAM,
  sgd: { ...ANY_OPTIMIZER, momentum: share, dampening: unit, nesterov: truth },
  adadelta: { ...ANY_OPTIMIZER, rho: unit, eps: MOMENTS.eps },
  rmsprop: { ...ANY_OPTIMIZER, alpha: unit, eps: MOMENTS.eps, momentum: share, centered: truth },
  nadam: { ...RADAM, momentum_decay: notNegative },
  radam: RADAM,
  muon: {
    ...ANY_OPTIMIZER,
    momentum: share,
    nesterov: truth,
    ns_coefficients: {
      allows: (value) => Array.isArray(value) && value.length === 3 && value.every(Number.isFinite),
      what: 'three numbers',
    },
    eps: MOMENTS.eps,
    ns_steps: whole('whole, from 0 to 99', (x) => x >= 0 && x < 100),
    adjust_lr_fn: oneOf('original', 'match_rms_adamw', 'spectral_unclamped'),
  },
  adamw8bit: {
    ...MOMENTS,
    bias_correction: truth,
    blocksize: whole(
      'a power of two from 32 to 2^24',
      (x) => x >= 32 && x <= 2 ** 24 && Number.isInteger(Math.log2(x)),
    ),
    min_8bit_size: whole('whole, from 0 on', (x) => x >= 0),
    state_rounding: oneOf('nearest', 'lut16'),
    decay_after_step: truth,
  },
};

/** Hyperparameters of any optimizer. */
export const HYPERPARAMETERS: readonly string[] = [
  ...new Set(Object.values(OPTIMIZERS).flatMap(Object.keys)),
];

/**
 * Throws SettingsError for an optimizer that training does not know, and for a hyperparameter that
 * it has not or that is out of its range.
 */
export function checkOptimizer(params: Readonly<Record<string, unknown>>): void {
  const { optimizer, nesterov, momentum = 0, dampening = 0 } = params;
  const rules = OPTIMIZERS[optimizer as OptimizerParams['optimizer']];
  check('optimizer', params, rules ?? ANY_OPTIMIZER, optimizer);
  if (optimizer === 'sgd' && nesterov && (momentum === 0 || dampening !== 0)) {
    throw new SettingsError(
      'optimizer: nesterov needs a momentum above 0 and no dampening, as in torch',
    );
  }
}

/**
 * Holds values to rules. `kind` is what the rules are of, where others of its sort have other fields.
 * Throws SettingsError.
 */
export function check(
  where: string,
  values: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, Rule>>,
  kind?: unknown,
): void {
  for (const [name, value] of Object.entries(values)) {
    const rule = rules[name];
    if (!rule)
      throw new SettingsError(
        `${where}: ${String(kind)} has no "${name}"; it has ${Object.keys(rules).join(', ')}`,
      );
    if (!rule.allows(value))
      throw new SettingsError(
        `${where}: ${name} must be ${rule.what}, not ${JSON.stringify(value).slice(0, 80)}`,
      );
  }
}
