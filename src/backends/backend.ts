import type { Call, Results } from '../graph/call.ts';
import type { HostTensor } from '../tensor/host.ts';

/** A party that can run calls on the host's tensors. */
export interface Backend {
  readonly name: string;
  supports(op: string): boolean;
  /** Outputs and, where gradients flow in, gradients of the inputs that are wanted. */
  run(call: Call<HostTensor>): Promise<Results<HostTensor>>;
}
