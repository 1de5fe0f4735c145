import { expect, test } from 'vitest';
import { DEFAULT_TRAINING } from './config.ts';
import { readSettings, scheduleOf } from './settings.ts';

const { optimizer, schedule, max_grad_norm } = DEFAULT_TRAINING;
const read = (value: unknown) => readSettings(value, DEFAULT_TRAINING);

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

test('another optimizer takes no hyperparameters of the default one', () => {
  expect(read({ optimizer: { optimizer: 'sgd', momentum: 0.9 } }).optimizer).toEqual({
    optimizer: 'sgd',
    momentum: 0.9,
  });
});

test('the warm-up of a run is rounded up to whole steps', () => {
  expect(scheduleOf({ schedule: { name: 'linear', warmup_ratio: 0.03 }, steps: 150 })).toEqual({
    name: 'linear',
    warmup: 5,
    total: 150,
  });
});

test.each([
  [[], 'the settings must be an object'],
  [null, 'the settings must be an object'],
  [{ lr: 1 }, 'the settings: there is no "lr"'],
  [{ optimizer: { optimizer: 'lion' } }, 'optimizer must be one of adamw, adam, sgd, not "lion"'],
  [{ optimizer: { lr: '0.1' } }, 'lr must be a number above 0, not "0.1"'],
  [{ optimizer: { lr: Number.POSITIVE_INFINITY } }, 'lr must be a number above 0'],
  [{ optimizer: { betas: [0.9, 1] } }, 'betas must be two numbers'],
  [{ optimizer: { betas: [0.9] } }, 'betas must be two numbers'],
  [{ optimizer: { momentum: 0.5 } }, 'adamw has no "momentum"'],
  [{ optimizer: { optimizer: 'sgd', eps: 1 } }, 'sgd has no "eps"'],
  [{ optimizer: { optimizer: 'sgd', nesterov: true } }, 'nesterov needs a momentum'],
  [{ schedule: { warmup_ratio: 1.5 } }, 'warmup_ratio must be a number from 0 to 1'],
  [{ schedule: { name: 'polynomial' } }, 'name must be one of'],
  [{ max_grad_norm: -1 }, 'max_grad_norm must be a number of 0 or more, not -1'],
  [{ max_grad_norm: null }, 'max_grad_norm must be'],
  [{ autocast: 'fp16' }, 'autocast must be one of float16, bfloat16, not "fp16"'],
  [{ grad_scaler: true }, 'grad_scaler must be an object'],
  [{ grad_scaler: { enabled: true } }, 'grad_scaler: there is no "enabled"'],
  [{ grad_scaler: { growth_interval: 0.5 } }, 'growth_interval must be a number that is whole'],
  [{ grad_scaler: { backoff_factor: 0 } }, 'backoff_factor must be a number above 0'],
])('%j is refused', (value, message) => {
  expect(() => read(value)).toThrow(message);
});
