import { expect, test } from 'vitest';
import { DEFAULT_TRAINING } from './config.ts';
import { readSettings, scheduleOf, type TrainingSettings } from './settings.ts';

const { optimizer, schedule, max_grad_norm } = DEFAULT_TRAINING;
const read = (value: unknown, defaults: TrainingSettings = DEFAULT_TRAINING) =>
  readSettings(value, defaults);

test('what is absent is the default', () => {
  expect(read({})).toEqual({ optimizer, schedule, max_grad_norm });
  expect(read({ autocast: 'float16', grad_scaler: {} })).toEqual({
    optimizer,
    schedule,
    max_grad_norm,
    autocast: 'float16',
    grad_scaler: {},
  });
  expect(read({ optimizer: { lr: 0.5 }, schedule: { name: 'cosine' }, max_grad_norm: 0 })).toEqual({
    optimizer: { ...optimizer, lr: 0.5 },
    schedule: { ...schedule, name: 'cosine' },
    max_grad_norm: 0,
  });
});

test('what is absent may have a default that is not there of itself', () => {
  const defaults = {
    ...DEFAULT_TRAINING,
    autocast: 'bfloat16',
    grad_scaler: { init_scale: 8 },
  } as const;
  expect(read({}, defaults)).toMatchObject({
    autocast: 'bfloat16',
    grad_scaler: { init_scale: 8 },
  });
  expect(read({ autocast: 'float16', grad_scaler: { init_scale: 4 } }, defaults)).toMatchObject({
    autocast: 'float16',
    grad_scaler: { init_scale: 4 },
  });
});

test('another optimizer takes no hyperparameters of the default one', () => {
  expect(read({ optimizer: { optimizer: 'sgd', momentum: 0.9 } }).optimizer).toEqual({
    optimizer: 'sgd',
    momentum: 0.9,
  });
});

test('another schedule takes no cycles of the default one', () => {
  const cosine = { name: 'cosine', warmup_ratio: 0.5, num_cycles: 2 } as const;
  const defaults = { ...DEFAULT_TRAINING, schedule: cosine };
  expect(read({}, defaults).schedule).toEqual(cosine);
  expect(read({ schedule: { name: 'cosine' } }, defaults).schedule).toEqual(cosine);
  expect(read({ schedule: { num_cycles: 3 } }, defaults).schedule).toEqual({
    ...cosine,
    num_cycles: 3,
  });
  expect(read({ schedule: { name: 'linear' } }, defaults).schedule).toEqual({
    name: 'linear',
    warmup_ratio: 0.5,
  });
  expect(read({ schedule: { warmup_ratio: 0 } }).schedule).not.toHaveProperty('num_cycles');
});

test('the warm-up of a run is rounded up to whole steps', () => {
  expect(scheduleOf({ schedule: { name: 'linear', warmup_ratio: 0.03 }, steps: 150 })).toEqual({
    name: 'linear',
    warmup: 5,
    total: 150,
  });
});

const SGD = { optimizer: 'sgd' };

test.each([
  { optimizer: { optimizer: 'adamw' } },
  { optimizer: { optimizer: 'adam', weight_decay: 0 } },
  { optimizer: SGD },
  { optimizer: { lr: 1e-9, weight_decay: 0.5, eps: 1e-9, bias_correction: false } },
  { optimizer: { betas: [0, 0.999] } },
  { optimizer: { ...SGD, momentum: 0, dampening: 1 } },
  { optimizer: { ...SGD, momentum: 0.999, dampening: 0.5, nesterov: false } },
  { optimizer: { ...SGD, momentum: 0.5, nesterov: true } },
  { optimizer: { ...SGD, momentum: 0.5, dampening: 0, nesterov: true } },
  { optimizer: { amsgrad: true } },
  { optimizer: { optimizer: 'adadelta', rho: 0.5, eps: 1e-3, weight_decay: 0.1 } },
  {
    optimizer: { optimizer: 'rmsprop', alpha: 0.5, eps: 1e-3, momentum: 0.5, centered: true },
  },
  {
    optimizer: {
      ...{ optimizer: 'nadam', betas: [0.5, 0.5], momentum_decay: 0.1 },
      decoupled_weight_decay: true,
    },
  },
  { optimizer: { optimizer: 'radam', eps: 1e-3, decoupled_weight_decay: true } },
  { optimizer: { optimizer: 'muon', lr: 0.1, nesterov: true } },
  {
    optimizer: {
      ...{ optimizer: 'muon', momentum: 0.5, nesterov: false, eps: 1e-3, ns_steps: 0 },
      ...{ ns_coefficients: [2, -1.5, 0.5], adjust_lr_fn: 'match_rms_adamw' },
    },
  },
  { optimizer: { optimizer: 'adamw8bit' } },
  {
    optimizer: {
      ...{ optimizer: 'adamw8bit', lr: 0.1, eps: 1e-3, bias_correction: false },
      ...{ blocksize: 32, min_8bit_size: 0, state_rounding: 'nearest', decay_after_step: true },
    },
  },
  { schedule: { name: 'constant', warmup_ratio: 0 } },
  { schedule: { name: 'linear', warmup_ratio: 1 } },
  { schedule: { name: 'cosine', warmup_ratio: 0.5, num_cycles: 0 } },
  { max_grad_norm: 0.5 },
  { autocast: 'float16' },
  { autocast: 'bfloat16' },
  { grad_scaler: { init_scale: 0.5, growth_factor: 1.5, backoff_factor: 0.5, growth_interval: 1 } },
  { grad_scaler: { growth_interval: 2 ** 31 - 1 } },
])('%j is allowed', (value) => {
  expect(read(value)).toMatchObject(value);
});

const ALL = 'optimizer, schedule, max_grad_norm, autocast, grad_scaler';
const OF_ADAM = 'optimizer, lr, weight_decay, betas, eps, bias_correction, amsgrad';
const OPTIMIZERS = 'adamw, adam, sgd, adadelta, rmsprop, nadam, radam, muon, adamw8bit';

test.each([
  [[], `the settings must be an object with some of ${ALL}`],
  [null, `the settings must be an object with some of ${ALL}`],
  [7, `the settings must be an object with some of ${ALL}`],
  [{ lr: 1 }, `the settings: there is no "lr"; there are ${ALL}`],
  [
    { optimizer: { rate: 1 } },
    `optimizer: there is no "rate"; there are ${OF_ADAM}, momentum, dampening, nesterov, rho, alpha, centered, decoupled_weight_decay, momentum_decay, ns_coefficients, ns_steps, adjust_lr_fn, blocksize, min_8bit_size, state_rounding, decay_after_step`,
  ],
  [
    { optimizer: { optimizer: 'lion' } },
    `optimizer: optimizer must be one of ${OPTIMIZERS}, not "lion"`,
  ],
  [
    { optimizer: { optimizer: 'lion', lr: 1 } },
    `optimizer: optimizer must be one of ${OPTIMIZERS}, not "lion"`,
  ],
  [
    { optimizer: { optimizer: 'radam', momentum_decay: 0.1 } },
    'radam has no "momentum_decay"; it has optimizer, lr, weight_decay, betas, eps, decoupled_weight_decay',
  ],
  [{ optimizer: { optimizer: 'adadelta', rho: 1.5 } }, 'rho must be a number from 0 to 1'],
  [{ optimizer: { optimizer: 'rmsprop', alpha: -0.5 } }, 'alpha must be a number from 0 to 1'],
  [
    { optimizer: { optimizer: 'muon', ns_coefficients: [1, 2] } },
    'optimizer: ns_coefficients must be three numbers, not [1,2]',
  ],
  [{ optimizer: { optimizer: 'muon', ns_coefficients: [1, 2, '3'] } }, 'must be three numbers'],
  [{ optimizer: { optimizer: 'muon', ns_steps: 100 } }, 'whole, from 0 to 99, not 100'],
  [{ optimizer: { optimizer: 'muon', ns_steps: 1.5 } }, 'whole, from 0 to 99, not 1.5'],
  [{ optimizer: { optimizer: 'muon', ns_steps: -1 } }, 'whole, from 0 to 99, not -1'],
  [
    { optimizer: { optimizer: 'muon', adjust_lr_fn: 'none' } },
    'adjust_lr_fn must be one of original, match_rms_adamw, spectral_unclamped, not "none"',
  ],
  [
    { optimizer: { optimizer: 'adamw8bit', blocksize: 48 } },
    'blocksize must be a number that is a power of two from 32 to 2^24, not 48',
  ],
  [
    { optimizer: { optimizer: 'adamw8bit', blocksize: 16 } },
    'a power of two from 32 to 2^24, not 16',
  ],
  [{ optimizer: { optimizer: 'adamw8bit', min_8bit_size: -1 } }, 'whole, from 0 on, not -1'],
  [{ optimizer: { optimizer: 'adamw8bit', state_rounding: 'up' } }, 'one of nearest, lut16'],
  [{ optimizer: { optimizer: 'muon' }, grad_scaler: {} }, 'not for muon: take one of them'],
  [{ optimizer: { amsgrad: 1 } }, 'amsgrad must be true or false, not 1'],
  [
    { optimizer: { optimizer: 'radam' }, grad_scaler: {} },
    'loss scaling is there for adamw, adam, sgd and adamw8bit, not for radam: take one of them, or no grad_scaler',
  ],
  [{ optimizer: { amsgrad: true }, grad_scaler: {} }, 'not for amsgrad: take one of them'],
  [{ optimizer: { momentum: 0.5 } }, `optimizer: adamw has no "momentum"; it has ${OF_ADAM}`],
  [
    { optimizer: { ...SGD, eps: 1 } },
    'optimizer: sgd has no "eps"; it has optimizer, lr, weight_decay, momentum, dampening, nesterov',
  ],
  [{ optimizer: { lr: '0.1' } }, 'optimizer: lr must be a number above 0, not "0.1"'],
  [{ optimizer: { lr: Number.POSITIVE_INFINITY } }, 'lr must be a number above 0'],
  [{ optimizer: { lr: 0 } }, 'lr must be a number above 0, not 0'],
  [{ optimizer: { weight_decay: -1e-9 } }, 'weight_decay must be a number of 0 or more'],
  [{ optimizer: { eps: 0 } }, 'eps must be a number above 0, not 0'],
  [{ optimizer: { bias_correction: 1 } }, 'bias_correction must be true or false, not 1'],
  [{ optimizer: { betas: [0.9, 1] } }, 'betas must be two numbers from 0 to less than 1'],
  [{ optimizer: { betas: [-0.1, 0.9] } }, 'betas must be two numbers'],
  [{ optimizer: { betas: [0.9] } }, 'betas must be two numbers'],
  [{ optimizer: { betas: [0.9, 0.9, 0.9] } }, 'betas must be two numbers'],
  [{ optimizer: { betas: 'ab' } }, 'betas must be two numbers'],
  [{ optimizer: { ...SGD, momentum: 1 } }, 'momentum must be a number from 0 to less than 1'],
  [{ optimizer: { ...SGD, momentum: -0.1 } }, 'momentum must be a number from 0 to less than 1'],
  [{ optimizer: { ...SGD, dampening: 1.001 } }, 'dampening must be a number from 0 to 1'],
  [{ optimizer: { ...SGD, dampening: -0.001 } }, 'dampening must be a number from 0 to 1'],
  [{ optimizer: { ...SGD, nesterov: 'yes' } }, 'nesterov must be true or false, not "yes"'],
  [{ optimizer: { ...SGD, nesterov: true } }, 'optimizer: nesterov needs a momentum above 0'],
  [
    { optimizer: { ...SGD, momentum: 0.9, dampening: 1, nesterov: true } },
    'nesterov needs a momentum above 0 and no dampening',
  ],
  [
    { schedule: { warmup: 3 } },
    'schedule: there is no "warmup"; there are name, warmup_ratio, num_cycles',
  ],
  [{ schedule: { warmup_ratio: 1.001 } }, 'schedule: warmup_ratio must be a number from 0 to 1'],
  [{ schedule: { warmup_ratio: -0.001 } }, 'warmup_ratio must be a number from 0 to 1'],
  [{ schedule: { name: 'polynomial' } }, 'name must be one of constant, linear, cosine, not'],
  [
    { schedule: { name: 'cosine', num_cycles: -1 } },
    'schedule: num_cycles must be a number of 0 or more, not -1',
  ],
  [
    { schedule: { num_cycles: 1 } },
    'schedule: linear has no "num_cycles"; it has name, warmup_ratio',
  ],
  [
    { schedule: { name: 'constant', num_cycles: 0.5 } },
    'schedule: constant has no "num_cycles"; it has name, warmup_ratio',
  ],
  [
    { schedule: { name: 'polynomial', num_cycles: 1 } },
    'schedule: name must be one of constant, linear, cosine, not "polynomial"',
  ],
  [{ schedule: 'linear' }, 'schedule must be an object with some of name, warmup_ratio'],
  [{ max_grad_norm: -1 }, 'the settings: max_grad_norm must be a number of 0 or more, not -1'],
  [{ max_grad_norm: null }, 'max_grad_norm must be'],
  [{ autocast: 'fp16' }, 'the settings: autocast must be one of float16, bfloat16, not "fp16"'],
  [{ grad_scaler: true }, 'grad_scaler must be an object with some of init_scale, growth_factor'],
  [
    { grad_scaler: { enabled: true } },
    'grad_scaler: there is no "enabled"; there are init_scale, growth_factor, backoff_factor, growth_interval',
  ],
  [{ grad_scaler: { init_scale: 0 } }, 'grad_scaler: init_scale must be a number above 0'],
  [{ grad_scaler: { growth_factor: 1 } }, 'growth_factor must be a number above 1'],
  [{ grad_scaler: { backoff_factor: 0 } }, 'backoff_factor must be a number above 0 and below 1'],
  [{ grad_scaler: { backoff_factor: 1 } }, 'backoff_factor must be a number above 0 and below 1'],
  [{ grad_scaler: { growth_interval: 1.5 } }, 'growth_interval must be a number that is whole'],
  [{ grad_scaler: { growth_interval: 0 } }, 'growth_interval must be a number that is whole'],
  [{ grad_scaler: { growth_interval: 2 ** 31 } }, 'whole, from 1 to 2^31 - 1, not 2147483648'],
])('%j is refused', (value, message) => {
  expect(() => read(value)).toThrow(message);
});
