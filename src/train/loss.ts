import type { Tape } from '../autograd/tape.ts';
import type { Examples } from '../data/examples.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Scope } from '../gpu/scope.ts';
import { mapped } from '../graph/call.ts';
import type { Model } from '../models/model.ts';
import { crossEntropy } from '../ops/nn/cross_entropy.ts';
import type { HostTensor } from '../tensor/host.ts';
import { Tensor, type Tensors } from '../tensor/tensor.ts';

/** Examples on the device. */
export interface UploadedExamples {
  readonly inputs: Tensors;
  readonly labels: Tensor;
}

/** Copies examples to the device; `scope` owns them. */
export function uploadExamples(
  gpu: Gpu,
  { inputs, labels }: Examples,
  scope: Scope,
): UploadedExamples {
  const upload = (host: HostTensor) => scope.add(Tensor.from(gpu, host));
  return { inputs: mapped(inputs, upload), labels: upload(labels) };
}

/** The mean cross-entropy of what a model says, f32 [1], and its logits; the tape owns both. */
export function lossOf(
  tape: Tape,
  model: Model,
  { inputs, labels }: UploadedExamples,
): { readonly loss: Tensor; readonly logits: Tensor } {
  const logits = model.forward(tape, inputs);
  const { loss } = tape.apply(crossEntropy, { logits, labels }, { log_probs: false }, 'loss');
  return { loss, logits };
}
