/**
 * `gradproof/quantizer`: one interface over all ways to quantize weights, and models whose weights
 * can be quantized.
 */

export { WebGpuBackend } from '../backends/webgpu.ts';
export { modelFiles } from '../formats/hugging-face/model-files.ts';
export { type PartFile, partsOfBlob } from '../formats/part-file.ts';
export { ConvNet } from '../models/conv-net/conv-net.ts';
export { type GenerateOptions, generate } from '../models/generation/generate.ts';
export { Layers } from '../models/layers.ts';
export { Llama } from '../models/llama/llama.ts';
export { loadLlama } from '../models/llama/load.ts';
export { Mlp } from '../models/mlp/mlp.ts';
export { MobileNetV2 } from '../models/mobilenet-v2/mobilenet-v2.ts';
export { Transformer } from '../models/transformer/transformer.ts';
export { ModelValues } from '../models/values.ts';
export { decodedWeight, multiplied } from '../quantizer/coding.ts';
export type { LayerOptions, Policy, Rule } from '../quantizer/policy.ts';
export {
  createQuantizer,
  predictedBytes,
  type QuantizationReport,
  type QuantizedLayer,
  Quantizer,
} from '../quantizer/quantizer.ts';
export { methods } from '../quantizer/registry.ts';
export type { WeightRows } from '../quantizer/rows.ts';
export { loadState, readState } from '../quantizer/state.ts';
export { type ProvenanceStep, quantizeInSteps, type SteppedWeight } from '../quantizer/steps.ts';
