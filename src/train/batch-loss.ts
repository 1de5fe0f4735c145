import type { Tape } from '../autograd/tape.ts';
import type { Examples } from '../data/examples.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Scope } from '../gpu/scope.ts';
import type { Model } from '../models/model.ts';
import { crossEntropy } from '../ops/nn/cross_entropy.ts';
import { Tensor, type Tensors } from '../tensor/tensor.ts';

/** Inputs of a model and what it must say, on the device. */
type Batch = Tensors & { readonly labels: Tensor };

/** Inputs and labels of a batch on the device; `scope` owns them. */
export function uploadExamples(gpu: Gpu, { inputs, labels }: Examples, scope: Scope): Batch {
  const entries = Object.entries(inputs).map(
    ([name, host]) => [name, scope.add(Tensor.from(gpu, host))] as const,
  );
  return { ...Object.fromEntries(entries), labels: scope.add(Tensor.from(gpu, labels)) };
}

/**
 * The mean loss of a model on a batch, f32 [1]; the tape owns it. With `shift` the logits of a
 * position are compared with the label of the next.
 */
export function lossOf(
  tape: Tape,
  model: Model,
  { labels, ...inputs }: Batch,
  shift: boolean,
): Tensor {
  const logits = model.forward(tape, inputs);
  return tape.apply(crossEntropy, { logits, labels }, { shift, log_probs: false }, 'loss').loss;
}

/** Labels that ask something: the loss is a mean over them. */
export function askedOf({ labels: { shape, data } }: Examples, shift: boolean): number {
  const columns = shape.at(-1) ?? 1;
  return data.filter((label, i) => label >= 0 && !(shift && i % columns === 0)).length;
}
