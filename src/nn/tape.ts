import { InvariantError } from '../errors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { accumulateGrad } from '../ops/nn/accumulate_grad.ts';
import { chooseVariant, type Inputs, type Op } from '../ops/op.ts';
import type { Tensor, Tensors } from '../tensor/tensor.ts';

/** One use of an op: what went in and what came out, of forward or, where `grads` is there, of backward. */
export interface Application {
  /** The layer of the model that used it, for messages. */
  readonly layer: string;
  readonly op: Op;
  readonly variant: string;
  readonly params: unknown;
  readonly inputs: Tensors;
  readonly outputs: Tensors;
  /** Gradients that flowed in, by output. */
  readonly grads?: Tensors;
  /** Gradients that came out, by input: those that were wanted. */
  readonly gradients?: Tensors;
}

/**
 * Reverse-mode automatic differentiation over ops. {@link Tape.apply} runs an op and remembers it where a gradient will be needed;
 * {@link Tape.backward} runs the ops' own backward passes in reverse. Only gradients that lead to a watched tensor are computed.
 * The tape owns everything that the ops allocated and frees it when it is disposed, activations' gradients as soon as they are used.
 */
export class Tape implements Disposable {
  readonly #gpu: Gpu;
  readonly #trace: Application[] | undefined;
  readonly #pending: Application[] = [];
  readonly #owned = new Set<Tensor>();
  /** Tensors through which a gradient flows. */
  readonly #active: Set<Tensor>;

  /** `watched` are the tensors whose gradients are wanted. With `trace`, every application is added to it and lives as long as the tape. */
  constructor(gpu: Gpu, watched: Iterable<Tensor> = [], trace?: Application[]) {
    this.#gpu = gpu;
    this.#active = new Set(watched);
    this.#trace = trace;
  }

  /** Runs `op` forward and returns its outputs, which the tape owns. */
  apply<Required extends string, Optional extends string, Out extends string, Params>(
    op: Op<Required, Optional, Out, Params>,
    inputs: Inputs<Required, Optional>,
    params: Params,
    layer: string,
  ): Readonly<Record<Out, Tensor>> {
    const variant = chooseVariant(this.#gpu, op.variants);
    const outputs = op.forward(this.#gpu, inputs, params, variant);
    const given = Object.fromEntries(Object.entries(inputs).filter(([, tensor]) => tensor !== undefined)) as Tensors;
    // The op's own types end here: the tape only passes on what it was given.
    const application: Application = { layer, op: op as unknown as Op, variant, params, inputs: given, outputs };
    const produced = Object.values<Tensor>(outputs);
    for (const tensor of produced) this.#owned.add(tensor);
    this.#trace?.push(application);
    if (Object.values(given).some((tensor) => this.#active.has(tensor))) {
      this.#pending.push(application);
      for (const tensor of produced) this.#active.add(tensor);
    }
    return outputs;
  }

  /** Gradients of the watched tensors, given the gradient `seed` of `root`; the tape owns them. Runs once: the applications are spent. */
  backward(root: Tensor, seed: Tensor): ReadonlyMap<Tensor, Tensor> {
    if (!this.#active.has(root)) throw new InvariantError('backward: the root does not depend on any watched tensor');
    const gradients = new Map([[root, seed]]);
    for (let application = this.#pending.pop(); application; application = this.#pending.pop()) {
      const grads = pick(application.outputs, (tensor) => gradients.get(tensor));
      if (Object.keys(grads).length === 0) continue;
      this.#propagate(application, grads, gradients);
      for (const tensor of Object.values(application.outputs)) gradients.delete(tensor);
      if (!this.#trace) for (const tensor of Object.values(grads)) this.#release(tensor);
    }
    return gradients;
  }

  #propagate(application: Application, grads: Tensors, gradients: Map<Tensor, Tensor>): void {
    const { layer, op, variant, params, inputs, outputs } = application;
    const wants = new Set(Object.keys(inputs).filter((name) => this.#active.has(inputs[name] as Tensor)));
    if (!op.backward) throw new InvariantError(`${op.name} of ${layer} has no backward pass`);
    const computed = op.backward(this.#gpu, { inputs, outputs, grads, params: params as never, wants, variant });
    this.#trace?.push({ ...application, grads, gradients: computed });
    for (const tensor of Object.values(computed)) this.#owned.add(tensor);
    for (const name of wants) {
      const [input, gradient] = [inputs[name] as Tensor, computed[name]];
      if (!gradient) throw new InvariantError(`${op.name} of ${layer} gave no gradient of ${name}`);
      const before = gradients.get(input);
      gradients.set(input, before ? this.#sum(before, gradient, layer) : gradient);
    }
  }

  /** A tensor that is used several times has the sum of the gradients of its uses. */
  #sum(a: Tensor, b: Tensor, layer: string): Tensor {
    const inputs = { a, b };
    const variant = chooseVariant(this.#gpu, accumulateGrad.variants);
    const outputs = accumulateGrad.forward(this.#gpu, inputs, {}, variant);
    this.#owned.add(outputs.y);
    this.#trace?.push({ layer, op: accumulateGrad as unknown as Op, variant, params: {}, inputs, outputs });
    if (!this.#trace) for (const tensor of [a, b]) this.#release(tensor);
    return outputs.y;
  }

  #release(tensor: Tensor): void {
    if (this.#owned.delete(tensor)) tensor[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const tensor of this.#owned) tensor[Symbol.dispose]();
    this.#owned.clear();
  }
}

function pick(tensors: Tensors, choose: (tensor: Tensor) => Tensor | undefined): Tensors {
  const picked = Object.entries(tensors).flatMap(([name, tensor]) => {
    const chosen = choose(tensor);
    return chosen ? [[name, chosen] as const] : [];
  });
  return Object.fromEntries(picked);
}
