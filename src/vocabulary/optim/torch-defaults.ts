const BETAS = [0.9, 0.999] as const;

/** torch's defaults of optimizers beside Adam, AdamW and SGD. */
export const TORCH_DEFAULTS = {
  adadelta: { lr: 1, rho: 0.9, eps: 1e-6, weight_decay: 0 },
  rmsprop: { lr: 1e-2, alpha: 0.99, eps: 1e-8, weight_decay: 0, momentum: 0, centered: false },
  nadam: {
    ...{ lr: 2e-3, betas: BETAS, eps: 1e-8, weight_decay: 0 },
    ...{ momentum_decay: 4e-3, decoupled_weight_decay: false },
  },
  radam: {
    ...{ lr: 1e-3, betas: BETAS, eps: 1e-8, weight_decay: 0 },
    decoupled_weight_decay: false,
  },
} as const;
