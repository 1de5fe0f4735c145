import type { Call, Results } from '../graph/call.ts';
import type { HostTensor } from '../tensor/host.ts';

/** A party that can run calls on the host's tensors. */
export interface Backend {
  readonly name: string;
  supports(op: string): boolean;
  /** Outputs and, given gradients of the outputs, those of the wanted inputs. */
  run(call: Call<HostTensor>): Promise<Results<HostTensor>>;
}
