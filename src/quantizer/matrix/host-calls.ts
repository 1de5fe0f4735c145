import type { Application, Call } from '../../graph/call.ts';
import type { HostTensor, HostTensors } from '../../tensor/host.ts';
import type { Tensor, Tensors } from '../../tensor/tensor.ts';

/** A call that was made on the device, with the inputs that it had there. */
export interface HostCall extends Call<HostTensor> {
  readonly variant: string;
}

/**
 * The calls of a trace on the host: what another party executes. Each begins with the very numbers
 * that the device had, so that no party is judged by what was given to it.
 */
export async function hostCalls(calls: readonly Application<Tensor>[]): Promise<HostCall[]> {
  const read = new Map<Tensor, HostTensor>();
  const made: HostCall[] = [];
  for (const { op, variant, params, inputs, grads, wants } of calls)
    made.push({
      ...{ op, variant, params, inputs: await readAll(inputs, read) },
      ...(grads ? { grads: await readAll(grads, read) } : {}),
      ...(wants ? { wants } : {}),
    });
  return made;
}

/** Reads each tensor once. */
async function readAll(tensors: Tensors, read: Map<Tensor, HostTensor>): Promise<HostTensors> {
  const hosts: Record<string, HostTensor> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    const host = read.get(tensor) ?? (await tensor.read());
    read.set(tensor, host);
    hosts[name] = host;
  }
  return hosts;
}
