import { GradproofError } from '../errors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { Scope } from '../gpu/scope.ts';
import type { Op } from '../ops/op.ts';
import { launchers } from '../ops/registry.ts';
import type { HostTensor, HostTensors } from '../tensor/host.ts';
import { Tensor, type Tensors } from '../tensor/tensor.ts';
import type { Backend, Job, JobResult } from './backend.ts';

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

  /** Uploads, runs forward (and backward), reads back and frees everything. Throws {@link UnknownOpError}. */
  async run({ op: name, params, inputs: hosts, grads: hostGrads, wants, variant }: Job): Promise<JobResult> {
    const op = launchers.get(name);
    if (!op) throw new UnknownOpError(name);
    using scope = new Scope();
    const inputs = scope.addAll(uploadAll(this.#gpu, hosts));
    const outputs = scope.addAll(op.forward(this.#gpu, inputs, params as never, variant));
    let gradients: Tensors = {};
    if (hostGrads) {
      const grads = scope.addAll(uploadAll(this.#gpu, hostGrads));
      const context = { inputs, outputs, grads, params: params as never, wants: new Set(wants ?? Object.keys(inputs)), variant };
      gradients = scope.addAll((op as Required<Op>).backward(this.#gpu, context));
    }
    return { outputs: await readAll(outputs), gradients: await readAll(gradients) };
  }
}

function uploadAll(gpu: Gpu, hosts: HostTensors): Tensors {
  return Object.fromEntries(Object.entries(hosts).map(([name, host]) => [name, Tensor.from(gpu, host)]));
}

async function readAll(tensors: Tensors): Promise<HostTensors> {
  const read: Record<string, HostTensor> = {};
  for (const [name, tensor] of Object.entries(tensors)) read[name] = await tensor.read();
  return read;
}
