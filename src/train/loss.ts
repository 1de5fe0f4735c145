import type { Tape } from '../autograd/tape.ts';
import { type Examples, requireLabels } from '../data/examples.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Scope } from '../gpu/scope.ts';
import { mapped } from '../graph/call.ts';
import type { Model } from '../models/model.ts';
import { crossEntropy } from '../ops/nn/cross_entropy.ts';
import type { HostTensor } from '../tensor/host.ts';
import { Tensor, type Tensors } from '../tensor/tensor.ts';
import { isAsked } from '../vocabulary/nn/loss.ts';

/** Examples on the device. */
export interface UploadedExamples {
  readonly inputs: Tensors;
  readonly labels: Tensor;
}

/** Copies examples to the device; `scope` owns them. Throws `bad-label` before anything is there. */
export function uploadExamples(gpu: Gpu, examples: Examples, scope: Scope): UploadedExamples {
  requireLabels(examples);
  const upload = (host: HostTensor) => scope.add(Tensor.from(gpu, host));
  return { inputs: mapped(examples.inputs, upload), labels: upload(examples.labels) };
}

/**
 * The mean cross-entropy of what a model says, f32 [1], and its logits, unless it has a loss without
 * them; the tape owns both. With `shift` the logits of a position are compared with the label after
 * it.
 */
export function lossOf(
  tape: Tape,
  model: Model,
  { inputs, labels }: UploadedExamples,
  shift = false,
): { readonly loss: Tensor; readonly logits?: Tensor } {
  const own = model.loss?.(tape, inputs, labels, shift);
  if (own) return { loss: own };
  const logits = model.forward(tape, inputs);
  return { loss: lossOfLogits(tape, logits, labels, shift), logits };
}

/** The mean cross-entropy of logits, f32 [1]; the tape owns it. */
export function lossOfLogits(tape: Tape, logits: Tensor, labels: Tensor, shift = false): Tensor {
  const params = { shift, log_probs: false };
  return tape.apply(crossEntropy, { logits, labels }, params, 'loss').loss;
}

/** Labels that ask something: the loss is a mean over them. */
export function askedOf({ labels: { shape, data } }: Examples, shift?: boolean): number {
  const columns = shape.at(-1) as number;
  return data.filter((label, i) => isAsked(label) && !(shift && i % columns === 0)).length;
}
