import { GradientSum } from '../autograd/gradient-sum.ts';
import { Tape, type TapeOptions } from '../autograd/tape.ts';
import type { Examples } from '../data/examples.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { Scope } from '../gpu/scope.ts';
import type { Model } from '../models/model.ts';
import { mul } from '../ops/math/mul.ts';
import { seam } from '../seam.ts';
import { hostTensor } from '../tensor/host.ts';
import { Tensor } from '../tensor/tensor.ts';
import { askedOf, lossOf, uploadExamples } from './loss.ts';

/** The share of a micro-batch in the mean over all labels of its batch. */
const shareOf = seam('train.share_of', (asked: number, all: number): number => asked / all);

/** Loss of a batch and the gradients of its parameters, which `gradients` owns. */
export interface Accumulated {
  readonly loss: number;
  readonly gradients: GradientSum;
}

/** How the parts are computed, and who looks on. */
export interface AccumulateOptions extends Pick<TapeOptions, 'random' | 'watch'> {
  /** The loss of a position is that of the label after it. Default false. */
  readonly shift?: boolean;
  /** Factor of the gradients, f32 [1], as for loss scaling. Default 1. */
  readonly scale?: Tensor | undefined;
}

/**
 * The gradient of the mean loss over all labels of `parts`, computed part by part: each part's
 * activations are freed before the next one's are made, and its mean counts by its share of the
 * labels.
 */
export async function accumulate(
  gpu: Gpu,
  model: Model,
  parts: readonly Examples[],
  { shift = false, scale, random, watch }: AccumulateOptions = {},
): Promise<Accumulated> {
  const { parameters } = model;
  const watched = parameters.names.map((name) => parameters.view(name));
  const all = parts.reduce((sum, part) => sum + askedOf(part, shift), 0);
  using scope = new Scope();
  const gradients = scope.add(new GradientSum(gpu));
  let loss = 0;
  for (const part of parts) {
    using own = new Scope();
    const share = shareOf(askedOf(part, shift), all);
    const weight = own.add(Tensor.from(gpu, hostTensor('f32', [1], Float32Array.of(share))));
    const seed = scale ? own.add(mul.forward(gpu, { a: scale, b: weight }, {}).y) : weight;
    random?.begin();
    const tape = own.add(new Tape(gpu, watched, { random, watch }));
    const { loss: mean } = lossOf(tape, model, uploadExamples(gpu, part, own), shift);
    gradients.add(tape.backward(mean, seed));
    model.keepStatistics?.();
    random?.advance();
    loss += share * ((await mean.read()).data[0] as number);
  }
  scope.move();
  return { loss, gradients };
}
