import { expect, test } from 'vitest';
import { scaledRule, updateRule } from './update-rule.ts';

const SCHEDULE = { name: 'linear', warmup: 2, total: 10 } as const;
const ADAM = { betas: [0.9, 0.999], eps: 1e-8, bias_correction: true };

test.each([
  [{ optimizer: 'adamw', lr: 0.5 }, { ...ADAM, weight_decay: 0.01 }, ['exp_avg', 'exp_avg_sq']],
  [{ optimizer: 'adam', lr: 0.5 }, { ...ADAM, weight_decay: 0 }, ['exp_avg', 'exp_avg_sq']],
  [
    { optimizer: 'sgd', lr: 0.5, momentum: 0.25 },
    { momentum: 0.25, dampening: 0, weight_decay: 0, nesterov: false },
    ['momentum_buffer'],
  ],
] as const)('%j steps with what torch has, at the rates of its schedule', (params, rest, state) => {
  const rule = updateRule(params, SCHEDULE);
  expect(rule.state).toEqual(state);
  // Two steps of warm-up from 0, then eight down to 0.
  expect([1, 2, 3, 4, 10].map((step) => rule.at(step).lr)).toEqual([
    0,
    0.25,
    0.5,
    0.5 * (7 / 8),
    0.5 * (1 / 8),
  ]);
  expect(rule.at(3)).toMatchObject(rest);
  expect(scaledRule(params, SCHEDULE).params).toMatchObject({
    ...rest,
    lr: 0.5,
    schedule: SCHEDULE,
  });
});

test('8-bit AdamW keeps codes of a large parameter and floats of a small one', () => {
  const rule = updateRule({ optimizer: 'adamw8bit', lr: 0.5, decay_after_step: true }, SCHEDULE);
  const large = rule.ofShape?.([64, 64]);
  const small = rule.ofShape?.([63, 65]);
  const codes = { dtype: 'u8', shape: [64, 64] };
  const absmax = { dtype: 'f32', shape: [16] };
  expect([large?.op.signature.name, large?.takesReads, large?.kept]).toEqual([
    ...['adamw8bit_step', true],
    {
      ...{ exp_avg: codes, exp_avg_absmax: absmax },
      ...{ exp_avg_sq: codes, exp_avg_sq_absmax: absmax },
    },
  ]);
  const floats = { dtype: 'f32', shape: [63, 65] };
  expect([small?.op.signature.name, small?.takesReads, small?.kept]).toEqual([
    ...['adamw_step', false],
    { exp_avg: floats, exp_avg_sq: floats },
  ]);
  for (const one of [large, small])
    expect(one?.at(2)).toMatchObject({
      ...ADAM,
      weight_decay: 0.01,
      lr: 0.25,
      decay_after_step: true,
    });
  expect(large?.at(2)).toMatchObject({ blocksize: 256, state_rounding: 'lut16' });
  expect([large, small].map((one) => one?.scaled?.op.signature.name)).toEqual([
    ...['amp_adamw8bit_step', 'amp_adamw_step'],
  ]);
  expect(large?.scaled?.params).toMatchObject({ blocksize: 256, lr: 0.5, schedule: SCHEDULE });
  expect(small?.at(2)).not.toHaveProperty('blocksize');
});

test.each([
  [{ optimizer: 'adadelta', rho: 0.5 }, 1, ['square_avg', 'acc_delta']],
  [{ optimizer: 'rmsprop' }, 0.01, ['square_avg']],
  [
    { optimizer: 'rmsprop', momentum: 0.5, centered: true },
    0.01,
    ['square_avg', 'grad_avg', 'momentum_buffer'],
  ],
  [{ optimizer: 'nadam' }, 0.002, ['exp_avg', 'exp_avg_sq']],
  [{ optimizer: 'radam' }, 0.001, ['exp_avg', 'exp_avg_sq']],
  [{ optimizer: 'adam', amsgrad: true }, 0.001, ['exp_avg', 'exp_avg_sq', 'max_exp_avg_sq']],
  [{ optimizer: 'muon', nesterov: false }, 0.001, ['momentum_buffer']],
] as const)('%j steps at the rates of its schedule, without loss scaling', (params, lr, state) => {
  const rule = updateRule(params, SCHEDULE);
  expect([rule.op.signature.name, rule.state]).toEqual(['optimizer_step', state]);
  expect(rule.at(2)).toMatchObject({ ...params, lr: lr / 2 });
  expect(rule.at(3)).toMatchObject({ ...params, lr });
  expect(() => scaledRule(params, SCHEDULE)).toThrow('loss scaling is there for adamw, adam, ');
});
