/**
 * Small numbers that a row of the catalog itself asserts, with the id of the row: no result needed
 * them.
 */
export const CATALOG_LIMITS: Readonly<Record<string, string>> = {
  'suites/nn/activations.suite.ts: TOLERANCE = 1e-5': 'triton.compiler.custom-layer-activation',
  'suites/nn/dropout.suite.ts: Math.abs(fraction - P) <= 0.01':
    'triton.compiler.custom-layer-dropout',
  'suites/quant/ternary-conv.suite.ts: Math.abs(threshold - expected) <= 1e-6':
    'triton.vision.ternary-conv2d-quantization',
  'suites/quant/ternary-linear.suite.ts: Math.abs(threshold - expected) <= 1e-6':
    'triton.vision.ternary-conv2d-quantization',
  'suites/train/clipping.suite.ts: Math.abs(norm - expected) <= 1e-5 * expected':
    'triton.training.gradient-clipping',
  'suites/train/clipping.suite.ts: cosine >= 1 - 1e-6': 'triton.training.gradient-clipping',
  'suites/train/clipping.suite.ts: norm <= MAX_NORM + 1e-5': 'triton.training.gradient-clipping',
  'suites/train/clipping.suite.ts: norm >= MAX_NORM - 1e-5': 'triton.training.gradient-clipping',
  'suites/train/gradient-clipping.suite.ts: Math.abs(found - wanted) <= 1e-5 * wanted':
    'fsdp.training.gradient-clipping',
  'suites/train/gradient-clipping.suite.ts: Math.abs(norm - MAX_NORM) <= 1e-5':
    'fsdp.training.gradient-clipping',
  'suites/train/mixed-precision.suite.ts: off <= 1e-2': 'triton.training.mixed-precision',
  'suites/train/modes.suite.ts: difference > 1e-3': 'triton.training.train-vs-eval-mode',
};
