import { GradproofError } from '../errors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { Scope } from '../gpu/scope.ts';
import type { Call, Results } from '../graph/call.ts';
import { launchers } from '../ops/registry.ts';
import type { HostTensor, HostTensors } from '../tensor/host.ts';
import type { Tensors } from '../tensor/tensor.ts';
import type { Backend } from './backend.ts';
import { PreparedCall } from './prepared-call.ts';

/** The engine has no launcher of that name. */
class UnknownOpError extends GradproofError {
  constructor(op: string) {
    super('not-implemented', `this version has no op "${op}"`);
  }
}

/** Runs ops with our own WGSL kernels on one device. */
export class WebGpuBackend implements Backend {
  readonly name = 'webgpu';
  readonly #gpu: Gpu;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  supports(op: string): boolean {
    return launchers.has(op);
  }

  /** Uploads a call, to be launched any number of times. Throws {@link UnknownOpError}. */
  prepare(call: Call<HostTensor>): PreparedCall {
    const op = launchers.get(call.op.name);
    if (!op) throw new UnknownOpError(call.op.name);
    return new PreparedCall(this.#gpu, op, call);
  }

  /**
   * Uploads, runs forward (and backward), reads back and frees everything. Throws
   * {@link UnknownOpError}.
   */
  async run(call: Call<HostTensor>): Promise<Results<HostTensor>> {
    using prepared = this.prepare(call);
    using scope = new Scope();
    const outputs = scope.addAll(prepared.forward());
    const gradients = call.grads ? scope.addAll(prepared.backward(outputs)) : {};
    const [read, readGradients] = await Promise.all([readAll(outputs), readAll(gradients)]);
    return { outputs: read, gradients: readGradients };
  }
}

/** Reads tensors back together, since each waits for the GPU process. */
export async function readAll(tensors: Tensors): Promise<HostTensors> {
  const entries = Object.entries(tensors);
  const read = await Promise.all(entries.map(([, tensor]) => tensor.read()));
  return Object.fromEntries(entries.map(([name], i) => [name, read[i] as HostTensor]));
}
