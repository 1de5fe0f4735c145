import type * as v from 'valibot';
import type { hyperparameters } from './hyperparameters.ts';

/** ONNX's defaults of Adagrad and Momentum; the rate has none there. */
const DEFAULTS = {
  lr: 1e-3,
  T: 0,
  decay_factor: 0,
  epsilon: 1e-6,
  norm_coefficient: 0,
  alpha: 0,
  beta: 1,
  mode: 'standard',
} as const;

type Given = v.InferOutput<v.StrictObjectSchema<typeof hyperparameters, undefined>>;
/** Hyperparameters of ONNX's Adagrad and Momentum, by its names. */
export type OnnxHyperparameters = Pick<Given, keyof typeof DEFAULTS | 'R'>;

/** They, with the defaults where they are absent; the rate, R there, by torch's name. */
export function onnxHyperparameters({ R, ...given }: OnnxHyperparameters) {
  return { ...DEFAULTS, ...(R !== undefined && { lr: R }), ...given };
}
