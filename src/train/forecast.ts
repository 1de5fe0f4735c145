import type { ByteModelConfig } from '../nn/byte-model-config.ts';
import { linearShapes } from '../nn/byte-weights.ts';
import { seam } from '../seam.ts';
import type { TrainingConfig } from './config.ts';

const FLOAT = 4;

/** Device memory that a run will need at its peak, in bytes, from shapes alone: an upper estimate, made before anything is allocated. */
export const forecastBytes = seam('train.forecast', (config: TrainingConfig, heldoutContexts: number, heldoutBatch: number): number => {
  const { model, batchSize, steps } = config;
  const { vocab, embedding, context, blocksize, r } = model;
  const linears = linearShapes(model);
  const weights = linears.reduce((sum, { inFeatures, outFeatures }) => sum + inFeatures * outFeatures, 0);
  const adapters = linears.reduce((sum, { inFeatures, outFeatures }) => sum + r * (inFeatures + outFeatures), 0);
  const base = vocab * embedding * FLOAT + weights / 2 + (weights / blocksize) * FLOAT;
  // Parameter, gradient and both moments.
  const trained = 4 * adapters * FLOAT;
  const data = (batchSize + heldoutContexts) * (context + 1) * FLOAT + steps * FLOAT;
  // A training step holds its activations, the gradients of the adapters, and the gradients on either side of one op.
  const widest = Math.max(...linears.flatMap(({ inFeatures, outFeatures }) => [inFeatures, outFeatures]));
  const step = (batchSize * (activations(model) + 2 * widest) + adapters) * FLOAT;
  const heldout = heldoutBatch * activations(model) * FLOAT;
  return Math.ceil(base + trained + data + Math.max(step, heldout));
});

/** Values that a forward pass keeps of one context: embeddings, each linear's output and its product with lora_A, SiLU, log-probabilities. */
function activations(model: ByteModelConfig): number {
  const linears = linearShapes(model).reduce((sum, { outFeatures }) => sum + outFeatures + model.r, 0);
  return model.embedding * model.context + linears + model.hidden.reduce((sum, width) => sum + width, 0) + model.vocab;
}
