import type { AutocastType } from '../autograd/autocast.ts';
import { Tape } from '../autograd/tape.ts';
import type { Examples } from '../data/examples.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { Scope } from '../gpu/scope.ts';
import type { Model } from '../models/model.ts';
import { argmax } from '../ops/math/argmax.ts';
import { isAsked } from '../vocabulary/nn/loss.ts';
import { lossOfLogits, uploadExamples } from './loss.ts';

/** Answers of a model to held-out examples: how many were right, of how many; and their loss. */
export interface Score {
  readonly right: number;
  readonly asked: number;
  readonly loss: number;
}

/**
 * Asks a model as it is outside of training: nothing is dropped, statistics are the running ones.
 */
export async function score(
  gpu: Gpu,
  model: Model,
  examples: Examples,
  autocast?: AutocastType,
): Promise<Score> {
  using scope = new Scope();
  const uploaded = uploadExamples(gpu, examples, scope);
  using tape = new Tape(gpu, [], { autocast });
  const logits = model.forward(tape, uploaded.inputs);
  const loss = lossOfLogits(tape, logits, uploaded.labels);
  const { y } = tape.apply(argmax, { x: logits }, { axis: 1 }, 'answers');
  const answers = (await y.read()).data;
  const asked = [...examples.labels.data].flatMap((label, i) =>
    isAsked(label) ? [label === answers[i]] : [],
  );
  return {
    right: asked.filter((right) => right).length,
    asked: asked.length,
    loss: (await loss.read()).data[0] as number,
  };
}
