import type { Gpu } from '../gpu/gpu.ts';
import { Scope } from '../gpu/scope.ts';
import { type Call, mapped, present } from '../graph/call.ts';
import type { Launcher } from '../ops/launcher.ts';
import type { HostTensor } from '../tensor/host.ts';
import { Tensor, type Tensors } from '../tensor/tensor.ts';

/** A call whose tensors are on the device, to be launched any number of times. */
export class PreparedCall implements Disposable {
  readonly #gpu: Gpu;
  readonly #op: Launcher;
  readonly #call: Omit<Parameters<Launcher['backward']>[1], 'outputs'>;
  readonly #owned: Scope;

  /** Uploads the call's tensors. */
  constructor(gpu: Gpu, op: Launcher, call: Call<HostTensor>) {
    const { params, variant, inputs, grads = {}, wants = Object.keys(inputs) } = call;
    using scope = new Scope();
    const upload = (host: HostTensor) => scope.add(Tensor.from(gpu, host));
    this.#call = {
      params,
      variant,
      inputs: mapped(inputs, upload),
      grads: mapped(grads, upload),
      wants: new Set(wants),
    };
    this.#gpu = gpu;
    this.#op = op;
    this.#owned = scope.move();
  }

  /** Bytes of all that the call reads. */
  get bytes(): number {
    const { inputs, grads } = this.#call;
    const read: readonly Tensor[] = [...Object.values(inputs), ...Object.values(grads)];
    return read.reduce((sum, tensor) => sum + tensor.bytes, 0);
  }

  /** The outputs, with what the backward pass reads of them; the caller owns them. */
  forward(): Tensors {
    const { inputs, params, variant } = this.#call;
    return this.#op.forward(this.#gpu, inputs, params, variant);
  }

  /** Gradients of the wanted inputs, from what {@link forward} gave; the caller owns them. */
  backward(outputs: Tensors): Tensors {
    return present(this.#op.backward(this.#gpu, { ...this.#call, outputs }));
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}
