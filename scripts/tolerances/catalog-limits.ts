/**
 * Small numbers that a row of the catalog itself asserts, with the id of the row: no result needed
 * them.
 */
export const CATALOG_LIMITS: Readonly<Record<string, string>> = {
  'suites/nn/activations.suite.ts: TOLERANCE = 1e-5': 'triton.compiler.custom-layer-activation',
  'suites/nn/dropout.suite.ts: Math.abs(fraction - P) <= 0.01':
    'triton.compiler.custom-layer-dropout',
  'suites/quant/ternary-weight-cases.ts: Math.abs(threshold - expected) <= 1e-6':
    'triton.vision.ternary-conv2d-quantization',
  'suites/train/gradient-clipping.suite.ts: cosine >= 1 - 1e-6':
    'triton.training.gradient-clipping',
  'src/train/gradient-health.ts: VANISHING = 1e-6': 'triton.errors.gradient-vanishing',
  'suites/errors/underflow.suite.ts: TINY = 1e-40': 'triton.errors.numerical-underflow',
  'suites/errors/vanishing-gradients.suite.ts: norm < 1e-6 * last':
    'triton.errors.gradient-vanishing',
  'suites/errors/vanishing-gradients.suite.ts: ratio < 1e-6': 'triton.errors.gradient-vanishing',
  'suites/quant/channels.suite.ts: error <= 1e-6': 'triton.quantization.tensor-4d',
  'suites/quant/cnn.suite.ts: MOST = 1e-4': 'triton.quantization.cnn-model',
  'suites/quant/quanto-golden.ts: MOST = 1e-3': 'fsdp.quantization.parity-quanto',
  'suites/quant/half-accuracy.suite.ts: error <= 1e-2 + 1e-2 * Math.abs(expected)':
    'triton.quantization.fp32-to-fp16-accuracy',
  'suites/quant/thresholds.suite.ts: Math.abs(share - expected) <= 0.002':
    'triton.quantization.different-thresholds',
  'suites/quant/thresholds.suite.ts: error <= 0.04': 'triton.quantization.threshold-methods',
  'suites/quant/thresholds.suite.ts: error <= 1e-6': 'triton.quantization.threshold-calibration',
  'suites/quant/trit-counts.suite.ts: Math.abs(share - expected) <= 0.015':
    'triton.quantization.value-distribution',
  'suites/utilities/compare-outputs.suite.ts: Math.abs(maxAbs - 1e-3) < 1e-6':
    'triton.utilities.compare-model-outputs',
  'suites/train/mixed-precision.suite.ts: off <= 1e-2': 'triton.training.mixed-precision',
  'suites/train/modes.suite.ts: difference > 1e-3': 'triton.training.train-vs-eval-mode',
  'suites/train/optimizer-steps.suite.ts: OF_RATE = 1e-5': 'fsdp.training.optimizer-configurations',
  'suites/train/llama-types/alike.ts: APART = 1e-4': 'fsdp.training.type-custom-lora',
  'suites/train/type-custom-lora.suite.ts: Math.abs(kept - (1 - P)) <= 0.01':
    'fsdp.training.custom-lora',
  'suites/train/type-full.suite.ts: OF_SLOPE = 1e-4': 'fsdp.training.type-full',
};
