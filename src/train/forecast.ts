import type { ByteModelConfig } from '../models/byte-model/config.ts';
import { linearShapes } from '../models/byte-model/weights.ts';
import { mostParts } from '../ops/nn/cross_entropy.ts';
import { rateRows } from '../ops/optim/step-rates.ts';
import { seam } from '../seam.ts';
import type { TrainingConfig } from './config.ts';
import { FINGERPRINT_PAGE_BYTES } from './fingerprints.ts';
import { scheduleOf } from './settings.ts';
import { scaledRule, updateRule } from './update-rule.ts';

const FLOAT = 4;
/** A loss and its divisor, in bytes. */
const LOSS = 2 * FLOAT;
/**
 * Values that the loss keeps of a context: four statistics, as many of each part of the classes, its
 * class and its own loss.
 */
const lossValues = (classes: number) => 4 + 4 * mostParts(classes) + 2;

/**
 * Device memory that a run will need at its peak, in bytes, from shapes alone: an upper estimate,
 * made before anything is allocated.
 */
export const forecastBytes = seam(
  'train.forecast',
  (config: TrainingConfig, heldoutContexts: number, heldoutBatch: number): number => {
    const { model, batchSize, steps, lossEvery, capture, autocast, optimizer, grad_scaler } =
      config;
    const { vocab, embedding, context, hidden, blocksize, r } = model;
    const linears = linearShapes(model);
    const weights = linears.reduce(
      (sum, { inFeatures, outFeatures }) => sum + inFeatures * outFeatures,
      0,
    );
    const adapters = linears.reduce(
      (sum, { inFeatures, outFeatures }) => sum + r * (inFeatures + outFeatures),
      0,
    );
    const base = vocab * embedding * FLOAT + weights / 2 + (weights / blocksize) * FLOAT;
    // Parameter, gradient and two moments, or what else the optimizer keeps.
    const kept = Math.max(2, updateRule(optimizer, scheduleOf(config)).state.length);
    const trained = (2 + kept) * adapters * FLOAT;
    // Contexts and labels, the loss of every step, of the last one and of every held-out batch, and
    // the gradient of the loss.
    const losses = steps + 1 + Math.ceil(heldoutContexts / heldoutBatch) + 1;
    // The rates of the run, which a judged step makes, are there while they are judged.
    const rates = rateRows(scheduleOf(config), []);
    const data = ((batchSize + heldoutContexts) * (context + 1) + losses + rates) * FLOAT;
    // A training step holds its activations, the gradients of the adapters, and the gradients on
    // either side of one op.
    const widest = Math.max(embedding * context, ...hidden, vocab);
    // Clipping takes two values for 256 gradients, and the norm; a judged step keeps what each
    // stage of the update got.
    const clipping = Math.ceil(adapters / 128) + 1;
    // Operands that are cast to halves are there twice, and once more in float32 while an op
    // computes with them.
    const copies = autocast ? 2 : 1;
    const step =
      (copies * (batchSize * (activations(model) + 2 * widest) + adapters) + clipping) * FLOAT;
    const heldout =
      copies *
      (Math.min(heldoutBatch, heldoutContexts) * activations(model) + (autocast ? adapters : 0)) *
      FLOAT;
    // Four numbers for each step that the device may be at, and what the loss is scaled with.
    const scaling = grad_scaler
      ? (4 * scaledRule(optimizer, scheduleOf(config)).rateRows + 5) * FLOAT
      : 0;
    // Every activation and its gradient, the gradients of the adapters and what the optimizer
    // leaves; about nine tensors a linear.
    const seenOf = (count: number) =>
      fingerprintBytes(
        copies * (2 * batchSize * activations(model) + 4 * adapters),
        copies * 9 * linears.length,
        count,
      );
    // The arena of the captured step and its fingerprints stay while a step that is judged is
    // recorded anew.
    const captured = capture ? step + seenOf(1) : 0;
    return Math.ceil(
      base +
        trained +
        data +
        seenOf(lossEvery) +
        captured +
        Math.max(step, heldout) +
        scaling +
        LOSS,
    );
  },
);

/**
 * Memory for the fingerprints of `steps` steps of `values` values each in `tensors` tensors: two
 * words for 64 values, 64 times two at least.
 */
function fingerprintBytes(values: number, tensors: number, steps: number): number {
  const lanes = steps * (values / 64 + 64 * tensors);
  return Math.ceil((lanes * 2 * FLOAT) / FINGERPRINT_PAGE_BYTES) * FINGERPRINT_PAGE_BYTES;
}

/**
 * Values that a forward pass keeps of one context: embeddings, each linear's output and its product
 * with lora_A, SiLU, the loss.
 */
function activations(model: ByteModelConfig): number {
  const linears = linearShapes(model).reduce(
    (sum, { outFeatures }) => sum + outFeatures + model.r,
    0,
  );
  return (
    model.embedding * model.context +
    linears +
    model.hidden.reduce((sum, width) => sum + width, 0) +
    lossValues(model.vocab)
  );
}
