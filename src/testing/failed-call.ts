import type { Call } from '../graph/call.ts';
import type { Sample } from '../reference/record.ts';
import type { HostTensor } from '../tensor/host.ts';

/**
 * A call that gave a wrong element, with all that it takes to run it again: forward or, where
 * `grads` is there, backward.
 */
export interface FailedCall extends Call<HostTensor> {
  readonly variant: string;
  /** The output, or the input whose gradient it is. */
  readonly name: string;
  /** By what the op was judged: equality, or its bound. */
  readonly level: Sample<object>['level'];
}
