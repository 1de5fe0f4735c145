import { GradproofError } from '../errors.ts';
import type { HostTensor, HostTensors } from '../tensor/host.ts';
import type { Random } from '../tensor/random.ts';
import { IGNORED, isAsked } from '../vocabulary/nn/loss.ts';

/**
 * What a model is shown, by the names of its inputs, and what it must say: labels i32 [rows of its
 * logits], -100 where nothing is asked.
 */
export interface Examples {
  readonly inputs: HostTensors;
  readonly labels: HostTensor;
}

/** Draws `count` examples, each independent of the others. */
export type Draw = (count: number, random: Random) => Examples;

/** A label is no class. */
class LabelError extends GradproofError {
  constructor(label: number, at: number, count: number) {
    super(
      'bad-label',
      `label ${at} of ${count}, counted from 0, is ${label}: a label is a class, from 0 on, or ${IGNORED} where nothing is asked`,
    );
  }
}

/** Throws LabelError where a label is negative and asks something. */
export function requireLabels({ labels: { data } }: Examples): void {
  for (let at = 0; at < data.length; at++) {
    const label = data[at] as number;
    if (label < 0 && isAsked(label)) throw new LabelError(label, at, data.length);
  }
}
