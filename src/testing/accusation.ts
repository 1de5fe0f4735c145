import type { Sample } from '../reference/record.ts';
import type { HostTensors } from '../tensor/host.ts';

/** An op that gave a wrong element, with all that it takes to run it again. */
export interface Accusation {
  readonly op: string;
  readonly variant: string;
  readonly params: unknown;
  readonly inputs: HostTensors;
  /** Gradients that flowed in, by output; absent of a forward pass. */
  readonly grads?: HostTensors;
  /** The output, or the input whose gradient it is. */
  readonly name: string;
  /** By what the op was judged: equality, or its bound. */
  readonly layer: Sample<never>['layer'];
}
