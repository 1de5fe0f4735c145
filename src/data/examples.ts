import type { HostTensor, HostTensors } from '../tensor/host.ts';
import type { Random } from '../tensor/random.ts';

/**
 * What a model is shown, by the names of its inputs, and what it must say: labels i32 [rows of its
 * logits], negative where nothing is asked.
 */
export interface Examples {
  readonly inputs: HostTensors;
  readonly labels: HostTensor;
}

/** Draws `count` examples, each independent of the others. */
export type Draw = (count: number, random: Random) => Examples;
