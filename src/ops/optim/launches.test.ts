import { describe, expect, test } from 'vitest';
import { type CallRow, expectCall, words } from '../fixtures/expect-call.ts';
import { describedCall } from '../fixtures/launches.ts';

const adam = { param: [5, 7], grad: [5, 7], exp_avg: [5, 7], exp_avg_sq: [5, 7] };
const sgd = { param: [5, 7], grad: [5, 7], momentum_buffer: [5, 7] };
const found = { found_inf: [1], steps: [1] };
const i32 = { steps: 'i32' } as const;
const copies = (names: readonly string[], bytes = 140) =>
  names.map((name) => ({ copy: `${name} ${name}'`, bytes }));
const ADAM_COPIES = copies(['param', 'exp_avg', 'exp_avg_sq']);
const SGD_COPIES = copies(['param', 'momentum_buffer']);
const ADAM_RESULTS = { param: 'f32 5x7', exp_avg: 'f32 5x7', exp_avg_sq: 'f32 5x7' };
const SGD_RESULTS = { param: 'f32 5x7', momentum_buffer: 'f32 5x7' };
const ofAdam = { lr: 0.5, betas: [0.5, 0.75], eps: 0.25, weight_decay: 0.125 };
const ofSgd = { lr: 0.5, momentum: 0.75, dampening: 0.25, weight_decay: 0.125 };
const adamStep = (uniforms: Readonly<Record<string, number>>) => ({
  kernel: 'optim/adamw_step',
  binds: "grad param' exp_avg' exp_avg_sq'",
  constants: { WHOLE: 0 },
  uniforms: { count: 35, ...uniforms },
});
const sgdStep = (uniforms: Readonly<Record<string, number>>) => ({
  kernel: 'optim/sgd_step',
  binds: "grad param' momentum_buffer'",
  uniforms: { count: 35, ...uniforms },
});

const LEFT_OF_9 = 1 - 0.75 ** 9;
const LENGTH_AT_9 = 7 - (18 * 0.75 ** 9) / LEFT_OF_9;

describe('a step is told its numbers', () => {
  test.each<CallRow>([
    [
      // 1 - 0.5 * 0.125; 0.5 / (1 - 0.5^2); the root of 1 - 0.75^2.
      'the second of AdamW',
      'adamw_step',
      { inputs: adam, params: { ...ofAdam, step: 2 } },
      [
        ...ADAM_COPIES,
        adamStep({
          ...{ decay: 0.9375, l2: 0, rest_of_beta1: 0.5, beta2: 0.75, rest_of_beta2: 0.25 },
          ...{ step_size: Math.fround(2 / 3), correction: Math.fround(Math.sqrt(7) / 4) },
          eps: 0.25,
        }),
      ],
      ADAM_RESULTS,
    ],
    [
      'the third of Adam without correction, which decays by its gradient',
      'adamw_step',
      { inputs: adam, params: { ...ofAdam, step: 3, mode: 'adam', bias_correction: false } },
      [
        ...ADAM_COPIES,
        adamStep({
          ...{ decay: 1, l2: 0.125, rest_of_beta1: 0.5, beta2: 0.75, rest_of_beta2: 0.25 },
          ...{ step_size: 0.5, correction: 1, eps: 0.25 },
        }),
      ],
      ADAM_RESULTS,
    ],
    [
      'the second of AdamW over whole fours',
      'adamw_step',
      {
        inputs: { param: [8], grad: [8], exp_avg: [8], exp_avg_sq: [8] },
        params: { ...ofAdam, step: 2 },
      },
      [
        ...copies(['param', 'exp_avg', 'exp_avg_sq'], 32),
        {
          kernel: 'optim/adamw_step',
          binds: "grad param' exp_avg' exp_avg_sq'",
          constants: { WHOLE: 1 },
          uniforms: {
            ...{ count: 8, decay: 0.9375, l2: 0, rest_of_beta1: 0.5, beta2: 0.75 },
            ...{ rest_of_beta2: 0.25, step_size: Math.fround(2 / 3) },
            ...{ correction: Math.fround(Math.sqrt(7) / 4), eps: 0.25 },
          },
        },
      ],
      { param: 'f32 8', exp_avg: 'f32 8', exp_avg_sq: 'f32 8' },
    ],
    [
      'the first of SGD, which takes the gradient for its buffer',
      'sgd_step',
      { inputs: sgd, params: { ...ofSgd, step: 1 } },
      [...SGD_COPIES, sgdStep({ lr: 0.5, l2: 0.125, keep: 0, gain: 1, direct: 0, ahead: 1 })],
      SGD_RESULTS,
    ],
    [
      'the second of SGD with Nesterov momentum',
      'sgd_step',
      { inputs: sgd, params: { ...ofSgd, nesterov: true, step: 2 } },
      [
        ...SGD_COPIES,
        sgdStep({ lr: 0.5, l2: 0.125, keep: 0.75, gain: 0.75, direct: 1, ahead: 0.75 }),
      ],
      SGD_RESULTS,
    ],
    [
      'the second of SGD without momentum',
      'sgd_step',
      { inputs: sgd, params: { lr: 0.5, step: 2 } },
      [...SGD_COPIES, sgdStep({ lr: 0.5, l2: 0, keep: 0, gain: 1, direct: 0, ahead: 1 })],
      SGD_RESULTS,
    ],
    [
      // 0.75^73 is the first power of 0.75 below 2^-30.
      'AdamW from a table that ends where its powers have vanished',
      'amp_adamw_step',
      {
        inputs: { ...adam, ...found },
        dtypes: i32,
        params: { ...ofAdam, schedule: { name: 'constant' } },
      },
      [
        ...ADAM_COPIES,
        {
          kernel: 'optim/amp_adamw_step',
          binds: "grad found_inf steps [1184] param' exp_avg' exp_avg_sq'",
          uniforms: {
            ...{ count: 35, rows: 74, l2: 0, rest_of_beta1: 0.5, beta2: 0.75 },
            ...{ rest_of_beta2: 0.25, eps: 0.25 },
          },
        },
      ],
      ADAM_RESULTS,
      {
        '[1184]': words(
          ...Array.from({ length: 74 }, (_, i) => [
            ...[0.9375, 0.5 / (1 - 0.5 ** (i + 1)), Math.sqrt(1 - 0.75 ** (i + 1)), 0],
          ]).flat(),
        ),
      },
    ],
    [
      'Adam without correction from the table of a schedule',
      'amp_adamw_step',
      {
        inputs: { ...adam, ...found },
        dtypes: i32,
        params: {
          ...{ ...ofAdam, mode: 'adam', bias_correction: false },
          schedule: { name: 'linear', total: 2 },
        },
      },
      [
        ...ADAM_COPIES,
        {
          kernel: 'optim/amp_adamw_step',
          binds: "grad found_inf steps [48] param' exp_avg' exp_avg_sq'",
          uniforms: {
            ...{ count: 35, rows: 3, l2: 0.125, rest_of_beta1: 0.5, beta2: 0.75 },
            ...{ rest_of_beta2: 0.25, eps: 0.25 },
          },
        },
      ],
      ADAM_RESULTS,
      { '[48]': words(...[1, 0.5, 1, 0], ...[1, 0.25, 1, 0], ...[1, 0, 1, 0]) },
    ],
    [
      'SGD from the table of a schedule',
      'amp_sgd_step',
      {
        inputs: { ...sgd, ...found },
        dtypes: i32,
        params: { ...ofSgd, nesterov: true, schedule: { name: 'linear', total: 2 } },
      },
      [
        ...SGD_COPIES,
        {
          kernel: 'optim/amp_sgd_step',
          binds: "grad found_inf steps [48] param' momentum_buffer'",
          uniforms: { count: 35, rows: 3, l2: 0.125, direct: 1, ahead: 0.75 },
        },
      ],
      SGD_RESULTS,
      { '[48]': words(...[0.5, 0, 1, 0], ...[0.25, 0.75, 0.75, 0], ...[0, 0.75, 0.75, 0]) },
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));

  test.each<[op: string, inputs: Readonly<Record<string, readonly number[]>>, message: string]>([
    [
      'adamw_step',
      { ...adam, grad: [34] },
      'adamw_step needs param, grad, exp_avg, exp_avg_sq of one size, not 35, 34, 35, 35',
    ],
    [
      'sgd_step',
      { ...sgd, momentum_buffer: [36] },
      'sgd_step needs param, grad, momentum_buffer of one size, not 35, 35, 36',
    ],
    [
      'amp_adamw_step',
      { ...adam, exp_avg_sq: [1], ...found },
      'amp_adamw_step needs param, grad, exp_avg, exp_avg_sq of one size, not 35, 35, 35, 1',
    ],
    [
      'amp_adamw_step',
      { ...adam, ...found, found_inf: [2] },
      'amp_adamw_step needs found_inf of one element, not of 2',
    ],
    [
      'amp_sgd_step',
      { ...sgd, ...found, steps: [2, 3] },
      'amp_sgd_step needs steps of one element, not of 2x3',
    ],
    [
      'amp_sgd_step',
      { ...sgd, param: [1], ...found },
      'amp_sgd_step needs param, grad, momentum_buffer of one size, not 1, 35, 35',
    ],
  ])('and refused: %s of %j', async (op, inputs, message) => {
    const params = op.includes('adam') ? { ...ofAdam, step: 1 } : { ...ofSgd, step: 1 };
    const { step: _, ...scheduled } = params;
    const dtypes = 'steps' in inputs ? i32 : {};
    const call = { inputs, dtypes, params: op.startsWith('amp') ? scheduled : params };
    await expect(describedCall(op, call)).rejects.toThrow(message);
  });

  test.each(['adamw_step', 'sgd_step'])('in f32: %s', async (op) => {
    const call = {
      inputs: op === 'sgd_step' ? sgd : adam,
      dtypes: { grad: 'i32' } as const,
      params: op === 'sgd_step' ? { ...ofSgd, step: 1 } : { ...ofAdam, step: 1 },
    };
    await expect(describedCall(op, call)).rejects.toThrow(`${op}: grad is i32`);
  });
});

const growth = { growth_factor: 4, backoff_factor: 0.25, growth_interval: 7 };
/** The largest float32 over four: what a growth leaves finite. */
const GROWTH = { interval: 7, growth: 4, largest: (2 - 2 ** -23) * 2 ** 125, backoff: 0.25 };

describe('dynamic loss scaling', () => {
  test.each<CallRow>([
    [
      'shares of 256 elements, and their flags',
      'amp_unscale',
      { inputs: { grad: [300, 256], scale: [1] } },
      [
        { copy: "grad grad'", bytes: 307_200 },
        {
          kernel: 'optim/amp_unscale',
          binds: "scale grad' [1200]",
          uniforms: { count: 76_800, parts: 300 },
        },
        { kernel: 'optim/amp_found_inf', binds: '[1200] found_inf', uniforms: { count: 300 } },
      ],
      { grad: 'f32 300x256', found_inf: 'f32 1' },
    ],
    [
      'the state after a step',
      'amp_update_scale',
      {
        inputs: { scale: [1], growth_tracker: [1], steps: [1], found_inf: [1] },
        dtypes: { growth_tracker: 'i32', steps: 'i32' },
        params: growth,
      },
      [
        ...copies(['scale', 'growth_tracker', 'steps'], 4),
        {
          kernel: 'optim/amp_update_scale',
          binds: "found_inf scale' growth_tracker' steps'",
          uniforms: GROWTH,
        },
      ],
      { scale: 'f32 1', growth_tracker: 'i32 1', steps: 'i32 1' },
    ],
    [
      'all steps at once',
      'grad_scaler',
      { inputs: { found_inf: [5] }, params: { ...growth, init_scale: 8, lr: 0.5 } },
      [
        {
          kernel: 'optim/grad_scaler',
          binds: 'found_inf scale param',
          uniforms: { steps: 5, ...GROWTH, init_scale: 8, lr: 0.5 },
        },
      ],
      { scale: 'f32 5', param: 'f32 5' },
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));

  test('has one scale and one flag', async () => {
    await expect(
      describedCall('amp_unscale', { inputs: { grad: [6], scale: [2] } }),
    ).rejects.toThrow('amp_unscale needs scale of one element, not of 2');
    await expect(
      describedCall('amp_update_scale', {
        inputs: { scale: [1], growth_tracker: [1], steps: [1], found_inf: [3] },
        dtypes: { growth_tracker: 'i32', steps: 'i32' },
      }),
    ).rejects.toThrow('amp_update_scale needs found_inf of one element, not of 3');
    await expect(
      describedCall('amp_update_scale', {
        inputs: { scale: [2], growth_tracker: [1], steps: [1], found_inf: [1] },
        dtypes: { growth_tracker: 'i32', steps: 'i32' },
      }),
    ).rejects.toThrow(/^amp_update_scale needs scale of one element, not of 2$/);
  });
});

describe('gradients are clipped by the norm of all', () => {
  const clip = (binds: string, count: number) => ({
    kernel: 'optim/clip_grad_norm',
    binds,
    uniforms: { count, max_norm: 0.5, eps: 0.25 },
  });
  const shares = (binds: string, count: number, parts: number, first: number) => ({
    kernel: 'optim/grad_norm_shares',
    binds,
    uniforms: { count, parts, first },
  });
  test.each<CallRow>([
    [
      'shares of 256 elements, of one gradient after the other',
      'clip_grad_norm',
      { inputs: { g0: [300, 256], g1: [2, 3], g2: [1] }, params: { max_norm: 0.5, eps: 0.25 } },
      [
        { copy: "g0 g0'", bytes: 307_200 },
        { copy: "g1 g1'", bytes: 24 },
        { copy: "g2 g2'", bytes: 4 },
        shares("g0' [2416]", 76_800, 300, 0),
        shares("g1' [2416]", 6, 1, 300),
        shares("g2' [2416]", 1, 1, 301),
        { kernel: 'optim/grad_norm', binds: '[2416] norm', uniforms: { count: 302 } },
        clip("norm g0'", 76_800),
        clip("norm g1'", 6),
        clip("norm g2'", 1),
      ],
      { norm: 'f32 1', g0: 'f32 300x256', g1: 'f32 2x3', g2: 'f32 1' },
    ],
    [
      'an empty gradient has a share all the same',
      'clip_grad_norm',
      { inputs: { g0: [0], g1: [2] }, params: { max_norm: 0.5, eps: 0.25 } },
      [
        { copy: "g0 g0'", bytes: 0 },
        { copy: "g1 g1'", bytes: 8 },
        shares("g0' [16]", 0, 1, 0),
        shares("g1' [16]", 2, 1, 1),
        { kernel: 'optim/grad_norm', binds: '[16] norm', uniforms: { count: 2 } },
        clip("norm g1'", 2),
      ],
      { norm: 'f32 1', g0: 'f32 0', g1: 'f32 2' },
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));
});

describe('rates of a schedule are made on the host', () => {
  test.each<CallRow>([
    [
      'as many as the run has',
      'lr_schedule',
      { inputs: {}, params: { name: 'linear', base_lr: 0.5, warmup: 1, total: 5 } },
      [],
      { lr: 'f32 5' },
      { lr: words(0, 0.5, 0.375, 0.25, 0.125) },
    ],
    [
      'of the warm-up, where it has no end',
      'lr_schedule',
      { inputs: {}, params: { name: 'constant', base_lr: 0.5, warmup: 2 } },
      [],
      { lr: 'f32 2' },
      { lr: words(0, 0.25) },
    ],
    [
      'as many as are asked for',
      'lr_schedule',
      { inputs: {}, params: { name: 'linear', base_lr: 0.5, total: 2, steps: 4 } },
      [],
      { lr: 'f32 4' },
      { lr: words(0.5, 0.25, 0, 0) },
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));
});

describe('steps of one parameter', () => {
  const product = (flops: number, count: number) => ({
    uniforms: expect.anything() as never,
    flops,
    product: count,
  });
  const MUON = {
    ...{ optimizer: 'muon', lr: 0.5, weight_decay: 0.125, momentum: 0.75, eps: 0.25 },
    ...{ ns_coefficients: [2, -1.5, 0.5], ns_steps: 1 },
  };
  const inputs = { param: [3], grads: [2, 3] };
  /** What a step reads and leaves. */
  const around = (
    state: string | ((step: number) => string),
    kernel: string,
    steps: readonly Record<string, number>[],
    constants?: Record<string, number>,
  ) => [
    { copy: 'param [12]', bytes: 12 },
    ...steps.flatMap((uniforms, i) => [
      { copy: `grads${i ? '+12' : ''} [12]#2`, bytes: 12 },
      {
        kernel,
        binds: `[12]#2 [12] ${typeof state === 'string' ? state : state(i)}`,
        uniforms: { count: 3, ...uniforms },
        ...(constants && { constants }),
      },
      { copy: `[12] trajectory${i ? '+12' : ''}`, bytes: 12 },
    ]),
  ];
  const ofMoments = (decay: number, l2: number) =>
    [1, 2].map((t) => ({
      ...{ decay, l2, rest_of_beta1: 0.5, beta2: 0.75, rest_of_beta2: 0.25 },
      step_size: Math.fround(0.5 / (1 - 0.5 ** t)),
      correction: Math.fround(Math.sqrt(1 - 0.75 ** t)),
      eps: 0.25,
    }));
  const MOMENTS = { 'state.exp_avg': [0, 0, 0], 'state.exp_avg_sq': [0, 0, 0] };
  const kept = { trajectory: 'f32 2x3', 'state.exp_avg': 'f32 3', 'state.exp_avg_sq': 'f32 3' };
  const buffered = { trajectory: 'f32 2x3', 'state.momentum_buffer': 'f32 3' };
  const squares = { trajectory: 'f32 2x3', 'state.exp_avg_sq': 'f32 3' };
  test.each<CallRow>([
    [
      'of AdamW',
      'optimizer_steps',
      { inputs, params: { optimizer: 'adamw', ...ofAdam } },
      around('state.exp_avg state.exp_avg_sq', 'optim/adamw_step', ofMoments(0.9375, 0), {
        WHOLE: 0,
      }),
      kept,
      MOMENTS,
    ],
    [
      'of Adam',
      'optimizer_steps',
      { inputs, params: { optimizer: 'adam', ...ofAdam } },
      around('state.exp_avg state.exp_avg_sq', 'optim/adamw_step', ofMoments(1, 0.125), {
        WHOLE: 0,
      }),
      kept,
      MOMENTS,
    ],
    [
      'of SGD, whose buffer begins as the gradient',
      'optimizer_steps',
      { inputs, params: { optimizer: 'sgd', ...ofSgd } },
      around('state.momentum_buffer', 'optim/sgd_step', [
        { lr: 0.5, l2: 0.125, keep: 0, gain: 1, direct: 0, ahead: 1 },
        { lr: 0.5, l2: 0.125, keep: 0.75, gain: 0.75, direct: 0, ahead: 1 },
      ]),
      buffered,
      { 'state.momentum_buffer': [0, 0, 0] },
    ],
    [
      "of ONNX's Momentum",
      'optimizer_steps',
      {
        inputs,
        params: { optimizer: 'momentum', alpha: 0.75, beta: 0.25, R: 0.5, norm_coefficient: 0.125 },
      },
      around('state.momentum_buffer', 'optim/sgd_step', [
        { lr: 0.5, l2: 0.125, keep: 0.75, gain: 1, direct: 0, ahead: 1 },
        { lr: 0.5, l2: 0.125, keep: 0.75, gain: 0.25, direct: 0, ahead: 1 },
      ]),
      buffered,
      { 'state.momentum_buffer': [0, 0, 0] },
    ],
    [
      "of ONNX's Momentum after its first step, by Nesterov",
      'optimizer_steps',
      {
        inputs,
        params: { optimizer: 'momentum', alpha: 0.75, beta: 0.25, R: 0.5, T: 1, mode: 'nesterov' },
      },
      around(
        'state.momentum_buffer',
        'optim/sgd_step',
        [1, 2].map(() => ({ lr: 0.5, l2: 0, keep: 0.75, gain: 0.25, direct: 1, ahead: 0.75 })),
      ),
      buffered,
      { 'state.momentum_buffer': [0, 0, 0] },
    ],
    [
      // Without alpha and beta a step is the gradient's own, as of SGD without momentum.
      "of ONNX's Momentum by its defaults",
      'optimizer_steps',
      { inputs, params: { optimizer: 'momentum' } },
      around(
        'state.momentum_buffer',
        'optim/sgd_step',
        [1, 2].map(() => ({
          lr: Math.fround(1e-3),
          ...{ l2: 0, keep: 0, gain: 1, direct: 0, ahead: 1 },
        })),
      ),
      buffered,
      { 'state.momentum_buffer': [0, 0, 0] },
    ],
    [
      // R / (1 + (T + step - 1) * decay_factor).
      "of ONNX's Adagrad, which decays its rate",
      'optimizer_steps',
      {
        inputs,
        params: {
          ...{ optimizer: 'adagrad', R: 0.5, T: 1, decay_factor: 0.5 },
          ...{ epsilon: 0.25, norm_coefficient: 0.125 },
        },
      },
      around('state.exp_avg_sq', 'optim/adagrad_step', [
        { rate: Math.fround(1 / 3), l2: 0.125, eps: 0.25 },
        { rate: 0.25, l2: 0.125, eps: 0.25 },
      ]),
      squares,
      { 'state.exp_avg_sq': [0, 0, 0] },
    ],
    [
      "of ONNX's Adagrad at a rate by torch's name",
      'optimizer_steps',
      { inputs, params: { optimizer: 'adagrad', lr: 0.5, epsilon: 0.25 } },
      around(
        'state.exp_avg_sq',
        'optim/adagrad_step',
        [1, 2].map(() => ({ rate: 0.5, l2: 0, eps: 0.25 })),
      ),
      squares,
      { 'state.exp_avg_sq': [0, 0, 0] },
    ],
    [
      "of ONNX's Adagrad by its defaults",
      'optimizer_steps',
      { inputs, params: { optimizer: 'adagrad' } },
      around(
        'state.exp_avg_sq',
        'optim/adagrad_step',
        [1, 2].map(() => ({ rate: Math.fround(1e-3), l2: 0, eps: Math.fround(1e-6) })),
      ),
      squares,
      { 'state.exp_avg_sq': [0, 0, 0] },
    ],
    [
      'of Adadelta',
      'optimizer_steps',
      {
        inputs,
        params: { optimizer: 'adadelta', lr: 0.5, rho: 0.75, eps: 0.25, weight_decay: 0.125 },
      },
      around(
        'state.square_avg state.acc_delta',
        'optim/adadelta_step',
        [1, 2].map(() => ({ lr: 0.5, l2: 0.125, rho: 0.75, rest_of_rho: 0.25, eps: 0.25 })),
      ),
      { trajectory: 'f32 2x3', 'state.square_avg': 'f32 3', 'state.acc_delta': 'f32 3' },
      { 'state.square_avg': [0, 0, 0], 'state.acc_delta': [0, 0, 0] },
    ],
    [
      // Two bindings are not used: of four bytes each.
      'of RMSprop',
      'optimizer_steps',
      { inputs, params: { optimizer: 'rmsprop', lr: 0.5, alpha: 0.75, eps: 0.25 } },
      around(
        (t) => `state.square_avg [4]${['', '#3'][t]} [4]${['#2', '#4'][t]}`,
        'optim/rmsprop_step',
        [1, 2].map(() => ({
          ...{ lr: 0.5, l2: 0, alpha: 0.75, rest_of_alpha: 0.25, eps: 0.25, momentum: 0 },
        })),
        { CENTERED: 0, MOMENTUM: 0 },
      ),
      { trajectory: 'f32 2x3', 'state.square_avg': 'f32 3' },
      { 'state.square_avg': [0, 0, 0] },
    ],
    [
      'of RMSprop, centered and with momentum',
      'optimizer_steps',
      {
        inputs,
        params: {
          ...{ optimizer: 'rmsprop', lr: 0.5, alpha: 0.75, eps: 0.25, weight_decay: 0.125 },
          ...{ momentum: 0.5, centered: true },
        },
      },
      around(
        'state.square_avg state.grad_avg state.momentum_buffer',
        'optim/rmsprop_step',
        [1, 2].map(() => ({
          ...{ lr: 0.5, l2: 0.125, alpha: 0.75, rest_of_alpha: 0.25, eps: 0.25, momentum: 0.5 },
        })),
        { CENTERED: 1, MOMENTUM: 1 },
      ),
      {
        ...{ trajectory: 'f32 2x3', 'state.square_avg': 'f32 3', 'state.grad_avg': 'f32 3' },
        'state.momentum_buffer': 'f32 3',
      },
      {
        ...{ 'state.square_avg': [0, 0, 0], 'state.grad_avg': [0, 0, 0] },
        'state.momentum_buffer': [0, 0, 0],
      },
    ],
    [
      // A beta of 0.5, and momenta of half of it less half of 0.96^(t / 2) of that.
      'of NAdam',
      'optimizer_steps',
      { inputs, params: { optimizer: 'nadam', ...ofAdam, momentum_decay: 0.5 } },
      around(
        'state.exp_avg state.exp_avg_sq',
        'optim/nadam_step',
        [1, 2].map((t) => {
          const mu = (step: number) => 0.5 * (1 - 0.5 * 0.96 ** (step / 2));
          const product = t === 1 ? mu(1) : mu(1) * mu(2);
          return {
            ...{ decay: 1, l2: 0.125, rest_of_beta1: 0.5, beta2: 0.75, rest_of_beta2: 0.25 },
            direct: Math.fround((0.5 * (1 - mu(t))) / (1 - product)),
            ahead: Math.fround((0.5 * mu(t + 1)) / (1 - product * mu(t + 1))),
            correction: Math.fround(Math.sqrt(1 - 0.75 ** t)),
            eps: 0.25,
          };
        }),
      ),
      { ...kept, 'state.mu_product': 'f32 1' },
      {
        ...MOMENTS,
        'state.mu_product': words(0.25 * (1 - 0.5 * 0.96 ** 0.5) * (1 - 0.5 * 0.96)),
      },
    ],
    [
      'of NAdam that decays the parameter itself',
      'optimizer_steps',
      {
        inputs: { param: [3], grads: [1, 3] },
        params: { optimizer: 'nadam', ...ofAdam, betas: [0, 0.75], decoupled_weight_decay: true },
      },
      around('state.exp_avg state.exp_avg_sq', 'optim/nadam_step', [
        {
          ...{ decay: 0.9375, l2: 0, rest_of_beta1: 1, beta2: 0.75, rest_of_beta2: 0.25 },
          ...{ direct: 0.5, ahead: 0, correction: 0.5, eps: 0.25 },
        },
      ]),
      { ...kept, trajectory: 'f32 1x3', 'state.mu_product': 'f32 1' },
      { ...MOMENTS, 'state.mu_product': [0] },
    ],
    [
      'of RAdam, whose average is too short',
      'optimizer_steps',
      { inputs, params: { optimizer: 'radam', ...ofAdam } },
      around(
        'state.exp_avg state.exp_avg_sq',
        'optim/radam_step',
        [1, 2].map((t) => ({
          ...{ decay: 1, l2: 0.125, rest_of_beta1: 0.5, beta2: 0.75, rest_of_beta2: 0.25 },
          ...{ size: Math.fround(0.5 / (1 - 0.5 ** t)), rectifier: 0, eps: 0.25 },
        })),
      ),
      kept,
      MOMENTS,
    ],
    [
      // Of seven gradients at most, 7 - 18 * 0.75^9 / (1 - 0.75^9) of them at step 9.
      'of RAdam, whose average is long enough',
      'optimizer_step',
      { inputs: adam, params: { optimizer: 'radam', ...ofAdam, step: 9 } },
      [
        ...ADAM_COPIES,
        {
          kernel: 'optim/radam_step',
          binds: "grad param' exp_avg' exp_avg_sq'",
          uniforms: {
            ...{ count: 35, decay: 1, l2: 0.125, rest_of_beta1: 0.5, beta2: 0.75 },
            ...{ rest_of_beta2: 0.25, size: Math.fround(0.5 / (1 - 2 ** -9)), eps: 0.25 },
            rectifier: expect.closeTo(
              Math.sqrt(
                (((LEFT_OF_9 * 7) / (3 * 5)) * ((LENGTH_AT_9 - 4) * (LENGTH_AT_9 - 2))) /
                  LENGTH_AT_9,
              ),
              6,
            ) as never,
          },
        },
      ],
      ADAM_RESULTS,
    ],
    [
      'of AdamW with amsgrad',
      'optimizer_steps',
      { inputs, params: { optimizer: 'adamw', ...ofAdam, amsgrad: true } },
      around(
        'state.exp_avg state.exp_avg_sq state.max_exp_avg_sq',
        'optim/amsgrad_step',
        ofMoments(0.9375, 0).map(({ step_size: size, ...rest }) => ({ ...rest, size })),
      ),
      { ...kept, 'state.max_exp_avg_sq': 'f32 3' },
      { ...MOMENTS, 'state.max_exp_avg_sq': [0, 0, 0] },
    ],
    [
      // Wide: X X^T of two by two. One step of Newton and Schulz, at 1 - 0.5 * 0.125 and 0.5.
      'of Muon',
      'optimizer_step',
      {
        inputs: { param: [2, 3], grad: [2, 3], momentum_buffer: [2, 3] },
        params: { ...MUON, step: 1 },
      },
      [
        { copy: "param param'", bytes: 24 },
        { copy: "momentum_buffer momentum_buffer'", bytes: 24 },
        {
          kernel: 'optim/muon_momentum',
          binds: "grad momentum_buffer' [24]",
          uniforms: { count: 6, rest: 0.25, momentum: 0.75 },
          constants: { NESTEROV: 1 },
        },
        {
          kernel: 'optim/grad_norm_shares',
          binds: '[24] [8]',
          uniforms: { count: 6, parts: 1, first: 0 },
        },
        { kernel: 'optim/grad_norm', binds: '[8] [4]', uniforms: { count: 1 } },
        { kernel: 'optim/muon_normalize', binds: '[4] [24]', uniforms: { count: 6, eps: 0.25 } },
        {
          kernel: 'matmul/split',
          constants: { ROWS: 4 },
          binds: '[24] [24] [24] [16]',
          ...product(24, 4),
        },
        {
          kernel: 'matmul/split',
          constants: { ROWS: 4 },
          binds: '[16] [16] [16] [16]#2',
          ...product(16, 4),
        },
        {
          kernel: 'optim/muon_sum',
          binds: '[16] [16]#2',
          uniforms: { count: 4, keep: 0.5, gain: -1.5 },
        },
        {
          kernel: 'matmul/split',
          constants: { ROWS: 4 },
          binds: '[16]#2 [24] [16]#2 [24]#2',
          ...product(24, 6),
        },
        {
          kernel: 'optim/muon_sum',
          binds: '[24] [24]#2',
          uniforms: { count: 6, keep: 1, gain: 2 },
        },
        {
          kernel: 'optim/muon_sum',
          binds: "[24]#2 param'",
          uniforms: { count: 6, keep: 0.9375, gain: -0.5 },
        },
      ],
      { param: 'f32 2x3', momentum_buffer: 'f32 2x3' },
    ],
    [
      'of SGD uphill, without momentum that is kept',
      'optimizer_step',
      {
        inputs: { param: [3], grad: [3], momentum_buffer: [3] },
        params: { optimizer: 'sgd', lr: 0.5, maximize: true, step: 1 },
      },
      [
        { copy: "param param'", bytes: 12 },
        { copy: "momentum_buffer momentum_buffer'", bytes: 12 },
        {
          kernel: 'math/mul',
          binds: 'grad [4] [12]',
          uniforms: expect.anything() as never,
          constants: { BROADCAST: 1 },
        },
        {
          kernel: 'optim/sgd_step',
          binds: "[12] param' momentum_buffer'",
          uniforms: { count: 3, lr: 0.5, l2: 0, keep: 0, gain: 1, direct: 0, ahead: 1 },
        },
      ],
      { param: 'f32 3', momentum_buffer: 'f32 3' },
      { '[4]': words(-1) },
    ],
    [
      'that go on',
      'optimizer_steps',
      {
        inputs: { param: [3], grads: [1, 3], 'state.momentum_buffer': [3] },
        params: { optimizer: 'sgd', ...ofSgd },
      },
      [
        { copy: 'param [12]', bytes: 12 },
        { copy: "state.momentum_buffer state.momentum_buffer'", bytes: 12 },
        { copy: 'grads [12]#2', bytes: 12 },
        {
          kernel: 'optim/sgd_step',
          binds: "[12]#2 [12] state.momentum_buffer'",
          uniforms: { count: 3, lr: 0.5, l2: 0.125, keep: 0.75, gain: 0.75, direct: 0, ahead: 1 },
        },
        { copy: '[12] trajectory', bytes: 12 },
      ],
      { trajectory: 'f32 1x3', 'state.momentum_buffer': 'f32 3' },
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));

  test.each<[object, object, string]>([
    [
      { param: [3], grads: [2, 4] },
      { optimizer: 'sgd' },
      'grads of 2x4 are not steps of a parameter of 3',
    ],
    [
      { param: [3], grads: [0, 3] },
      { optimizer: 'sgd' },
      'grads of 0x3 are not steps of a parameter of 3',
    ],
    [
      { ...inputs, 'state.exp_avg': [4] },
      { optimizer: 'adam' },
      'state.exp_avg of 4 is not of a parameter of 3',
    ],
    [
      { ...inputs, 'state.exp_avg_absmax': [1], 'state.exp_avg_sq_absmax': [1] },
      { optimizer: 'adamw8bit', min_8bit_size: 0 },
      'adamw8bit goes on from exp_avg, exp_avg_absmax, exp_avg_sq, exp_avg_sq_absmax, not from exp_avg_absmax, exp_avg_sq_absmax alone',
    ],
    [
      inputs,
      { optimizer: 'adamw8bit', min_8bit_size: 0, blocksize: 48 },
      'blocksize 48: give a power of two from 32 to 16777216',
    ],
    [
      inputs,
      { optimizer: 'adagrad', eps: 0 },
      'adagrad has no eps; it has lr, R, T, norm_coefficient, decay_factor, epsilon',
    ],
    [
      inputs,
      { optimizer: 'adagrad', lr: 0, R: 0 },
      'lr and R are both the rate of adagrad: give one of them',
    ],
  ])('are refused: %j with %j', async (shapes, params, message) => {
    const call = { inputs: shapes as typeof inputs, params };
    await expect(describedCall('optimizer_steps', call)).rejects.toThrow(message);
  });
});

describe('a step of 8-bit AdamW', () => {
  const state = {
    ...{ param: [5, 7], grad: [5, 7], qmap: [2, 256] },
    ...{ exp_avg: [5, 7], exp_avg_absmax: [2], exp_avg_sq: [5, 7], exp_avg_sq_absmax: [2] },
  };
  const dtypes = { exp_avg: 'u8', exp_avg_sq: 'u8' } as const;
  const results = {
    ...{ param: 'f32 5x7', exp_avg: 'u8 5x7', exp_avg_absmax: 'f32 2' },
    ...{ exp_avg_sq: 'u8 5x7', exp_avg_sq_absmax: 'f32 2' },
  };
  const inBlocks = { ...ofAdam, blocksize: 32 };
  const kept = [
    ...copies(['param']),
    ...copies(['exp_avg'], 36),
    ...copies(['exp_avg_absmax'], 8),
    ...copies(['exp_avg_sq'], 36),
    ...copies(['exp_avg_sq_absmax'], 8),
  ];
  const binds = "grad qmap param' exp_avg' exp_avg_absmax' exp_avg_sq' exp_avg_sq_absmax' qmap";
  const numbers = {
    ...{ count: 35, block: 32, decay: 0.9375, rest_of_beta1: 0.5, beta2: 0.75 },
    ...{ rest_of_beta2: 0.25, correction: Math.fround(Math.sqrt(7) / 4), eps: 0.25 },
  };

  test.each<CallRow>([
    [
      'decays before it, and rounds as a processor does',
      'adamw8bit_step',
      { inputs: state, dtypes, params: { ...inBlocks, step: 2 }, variant: 'serial' },
      [
        ...kept,
        {
          kernel: 'optim/adamw8bit_step',
          binds,
          uniforms: { ...numbers, step_size: Math.fround(2 / 3) },
          constants: { LANES: 1, LUT16: 1, SCALED: 0 },
        },
      ],
      results,
    ],
    [
      // 2/3 * 0.9375.
      'decays after it, and rounds to the nearest, as CUDA does',
      'adamw8bit_step',
      {
        inputs: state,
        dtypes,
        params: { ...inBlocks, step: 2, decay_after_step: true, state_rounding: 'nearest' },
        variant: 'cooperative',
      },
      [
        ...kept,
        {
          kernel: 'optim/adamw8bit_step',
          binds,
          uniforms: { ...numbers, step_size: 0.625 },
          constants: { LANES: 16, LUT16: 0, SCALED: 0 },
        },
      ],
      results,
    ],
    [
      'under loss scaling is told by the device which one it is',
      'amp_adamw8bit_step',
      {
        inputs: { ...state, ...found },
        dtypes: { ...dtypes, ...i32 },
        params: { ...inBlocks, schedule: { name: 'linear', total: 2 }, bias_correction: false },
        variant: 'serial',
      },
      [
        ...kept,
        {
          kernel: 'optim/amp_step_rates',
          binds: 'found_inf steps [48] [16]',
          uniforms: { rows: 3 },
        },
        {
          kernel: 'optim/adamw8bit_step',
          binds: binds.replace(/qmap$/, '[16]'),
          uniforms: { ...numbers, step_size: 0.5, correction: 1 },
          constants: { LANES: 1, LUT16: 1, SCALED: 1 },
        },
      ],
      results,
      { '[48]': words(...[0.9375, 0.5, 1, 0], ...[0.96875, 0.25, 1, 0], ...[1, 0, 1, 0]) },
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));

  test('that CUDA takes has hyperparameters in float32', async () => {
    const betas = [0.9, 0.999];
    const { commands } = await describedCall('adamw8bit_step', {
      inputs: state,
      dtypes,
      params: { ...inBlocks, betas, step: 1, decay_after_step: true },
    });
    expect(commands.at(-1)).toMatchObject({
      uniforms: {
        rest_of_beta1: 1 - Math.fround(0.9),
        rest_of_beta2: 1 - Math.fround(0.999),
        correction: Math.fround(Math.sqrt(1 - Math.fround(0.999))),
      },
    });
  });

  test.each([
    [{ exp_avg: [34] }, 'exp_avg of 34 has not the 35 elements that a parameter of 5x7 needs'],
    [{ exp_avg_sq_absmax: [1] }, 'exp_avg_sq_absmax of 1 has not the 2 elements'],
    [{ qmap: [256] }, 'qmap of 256 has not the 512 elements'],
    [{ grad: [34] }, 'adamw8bit_step needs param, grad of one size, not 35, 34'],
  ])('is refused what does not fit: %j', async (wrong, message) => {
    const call = { inputs: { ...state, ...wrong }, dtypes, params: { ...inBlocks, step: 1 } };
    await expect(describedCall('adamw8bit_step', call)).rejects.toThrow(message);
  });

  test.each([
    [{ grad: [34] }, 'amp_adamw8bit_step needs param, grad of one size, not 35, 34'],
    [{ found_inf: [2] }, 'amp_adamw8bit_step needs found_inf of one element, not of 2'],
  ])('under loss scaling is refused what does not fit: %j', async (wrong, message) => {
    const call = {
      inputs: { ...state, ...found, ...wrong },
      dtypes: { ...dtypes, ...i32 },
      params: inBlocks,
    };
    await expect(describedCall('amp_adamw8bit_step', call)).rejects.toThrow(message);
  });

  test('is none of optimizer_step', async () => {
    const call = { inputs: { param: [3], grad: [3] }, params: { optimizer: 'adamw8bit', step: 1 } };
    await expect(describedCall('optimizer_step', call)).rejects.toThrow('adamw8bit_step');
  });

  test('is one of AdamW where the parameter is small', async () => {
    const steps = async (rows: number, params: object) => {
      const call = { inputs: { param: [rows, 64], grads: [1, rows, 64] }, params };
      const { commands, results } = await describedCall('optimizer_steps', call as never);
      const kernels = commands.flatMap((one) => ('kernel' in one ? [one.kernel] : []));
      return [...kernels, results['state.exp_avg'], results['state.exp_avg_absmax']];
    };
    const params = { optimizer: 'adamw8bit' };
    expect(await steps(63, params)).toEqual(['optim/adamw_step', 'f32 63x64', undefined]);
    expect(await steps(64, params)).toEqual(['optim/adamw8bit_step', 'u8 64x64', 'f32 16']);
    const none = { ...params, min_8bit_size: 0, blocksize: 64 };
    expect(await steps(1, none)).toEqual(['optim/adamw8bit_step', 'u8 1x64', 'f32 1']);
  });
});

describe('a step of Muon', () => {
  const kernelsOf = async (shape: readonly number[], params: object) => {
    const call = { inputs: { param: shape, grads: [1, ...shape] }, params };
    const { commands } = await describedCall('optimizer_steps', call as never);
    return commands;
  };

  test.each([
    [[2, 8], 'original', 1],
    [[8, 2], 'original', 2],
    [[2, 8], 'match_rms_adamw', 0.2 * Math.sqrt(8)],
    [[8, 2], 'match_rms_adamw', 0.2 * Math.sqrt(8)],
    [[2, 8], 'spectral_unclamped', 0.5],
    [[8, 2], 'spectral_unclamped', 2],
  ])('of %j goes %s by %f of its rate', async (shape, adjust_lr_fn, ratio) => {
    const params = { optimizer: 'muon', lr: 0.5, adjust_lr_fn, ns_steps: 0 };
    const sums = (await kernelsOf(shape, params)).filter(
      (command) => 'kernel' in command && command.kernel === 'optim/muon_sum',
    );
    expect(sums).toMatchObject([{ uniforms: { gain: Math.fround(-0.5 * ratio) } }]);
  });

  test('has as many products as torch has by default', async () => {
    const kernels = (await kernelsOf([2, 3], { optimizer: 'muon' })).flatMap((command) =>
      'kernel' in command ? [command.kernel] : [],
    );
    expect(kernels.filter((kernel) => kernel.startsWith('matmul'))).toHaveLength(15);
  });

  test('of nothing launches nothing', async () => {
    const commands = await kernelsOf([0, 3], { optimizer: 'muon' });
    expect(commands.filter((command) => 'kernel' in command)).toEqual([]);
  });

  test.each([[[6]], [[1, 2, 3]], [[]]])('of %j is refused', async (shape) => {
    await expect(kernelsOf(shape, { optimizer: 'muon' })).rejects.toThrow(
      'muon steps matrices alone, and none is of',
    );
  });
});
