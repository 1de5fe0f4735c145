import type { Recipe } from '../../../src/reference/step/state.ts';

/** SGD with momentum, without clipping. */
export const MOMENTUM: Recipe = {
  optimizer: {
    optimizer: 'sgd',
    lr: 0.2,
    momentum: 0.9,
    dampening: 0.25,
    weight_decay: 0.01,
    nesterov: false,
  },
  schedule: { name: 'cosine', warmup: 1, total: 6, num_cycles: 0.5 },
  clip: Number.POSITIVE_INFINITY,
};

/** The same at so small a rate that what begins small stays so. */
export const SMALL_STEPS: Recipe = {
  ...MOMENTUM,
  optimizer: {
    optimizer: 'sgd',
    lr: 1e-6,
    momentum: 0.9,
    dampening: 0.25,
    weight_decay: 0.01,
    nesterov: false,
  },
};

/** Adam under a scaled loss. */
export const ACCUMULATED: Recipe = {
  optimizer: {
    optimizer: 'adam',
    lr: 0.01,
    betas: [0.9, 0.99],
    eps: 1e-8,
    weight_decay: 0.1,
    bias_correction: true,
  },
  schedule: { name: 'constant', warmup: 3 },
  clip: 1000,
  scaler: { init_scale: 512, growth_factor: 2, backoff_factor: 0.5, growth_interval: 3 },
};
