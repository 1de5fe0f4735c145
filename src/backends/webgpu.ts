import { GradproofError } from '../errors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { Scope } from '../gpu/scope.ts';
import type { Call, Results } from '../graph/call.ts';
import { mapped, present } from '../graph/call.ts';
import { launchers } from '../ops/registry.ts';
import type { HostTensor, HostTensors } from '../tensor/host.ts';
import { Tensor, type Tensors } from '../tensor/tensor.ts';
import type { Backend } from './backend.ts';

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

  /**
   * Uploads, runs forward (and backward), reads back and frees everything. Throws
   * {@link UnknownOpError}.
   */
  async run(call: Call<HostTensor>): Promise<Results<HostTensor>> {
    const { op: signature, params, variant } = call;
    const op = launchers.get(signature.name);
    if (!op) throw new UnknownOpError(signature.name);
    using scope = new Scope();
    const inputs = scope.addAll(uploadAll(this.#gpu, call.inputs));
    const outputs = scope.addAll(op.forward(this.#gpu, inputs, params, variant));
    let gradients: Tensors = {};
    if (call.grads) {
      const grads = scope.addAll(uploadAll(this.#gpu, call.grads));
      const context = {
        inputs,
        outputs,
        grads,
        params,
        wants: new Set(call.wants ?? Object.keys(inputs)),
        variant,
      };
      gradients = scope.addAll(present(op.backward(this.#gpu, context)));
    }
    return { outputs: await readAll(outputs), gradients: await readAll(gradients) };
  }
}

function uploadAll(gpu: Gpu, hosts: HostTensors): Tensors {
  return mapped(hosts, (host) => Tensor.from(gpu, host));
}

async function readAll(tensors: Tensors): Promise<HostTensors> {
  const read: Record<string, HostTensor> = {};
  for (const [name, tensor] of Object.entries(tensors)) read[name] = await tensor.read();
  return read;
}
