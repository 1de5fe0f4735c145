import type * as v from 'valibot';
import type { hyperparameters } from './hyperparameters.ts';

/** torch's defaults of Muon. */
const DEFAULTS = {
  lr: 1e-3,
  weight_decay: 0.1,
  momentum: 0.95,
  nesterov: true,
  ns_coefficients: [3.4445, -4.775, 2.0315],
  eps: 1e-7,
  ns_steps: 5,
  adjust_lr_fn: 'original',
} as const;

type Given = Pick<
  v.InferOutput<v.StrictObjectSchema<typeof hyperparameters, undefined>>,
  keyof typeof DEFAULTS
>;
/** Hyperparameters of torch.optim.Muon. */
export type MuonHyperparameters = Required<Given>;

/** They, with torch's defaults where they are absent. */
export function muonHyperparameters({
  lr = DEFAULTS.lr,
  weight_decay = DEFAULTS.weight_decay,
  momentum = DEFAULTS.momentum,
  nesterov = DEFAULTS.nesterov,
  ns_coefficients = DEFAULTS.ns_coefficients,
  eps = DEFAULTS.eps,
  ns_steps = DEFAULTS.ns_steps,
  adjust_lr_fn = DEFAULTS.adjust_lr_fn,
}: Given): MuonHyperparameters {
  return {
    ...{ lr, weight_decay, momentum, nesterov, ns_coefficients, eps, ns_steps, adjust_lr_fn },
  };
}
