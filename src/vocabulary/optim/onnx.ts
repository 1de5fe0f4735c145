/** ONNX's defaults of Adagrad and Momentum; R has none there. */
export const ONNX_DEFAULTS = {
  R: 1e-3,
  T: 0,
  decay_factor: 0,
  epsilon: 1e-6,
  norm_coefficient: 0,
} as const;
