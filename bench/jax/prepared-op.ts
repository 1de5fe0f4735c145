import { blockUntilReady, jit, type numpy as np, type OwnedFunction, tree, vjp } from '@jax-js/jax';
import type { PreparedWork } from '../../src/bench/contender.ts';
import type { Call, Results } from '../../src/graph/call.ts';
import { mapped } from '../../src/graph/call.ts';
import type { HostTensor, HostTensors } from '../../src/tensor/host.ts';
import { wantedOf } from '../contender/wanted.ts';
import type { Device } from './device.ts';
import type { Arrays, JaxOp, Orders } from './op.ts';

/** Outputs and, where gradients flow in, gradients. */
type Computed = { outputs: Arrays; gradients: Arrays };
type Compiled = OwnedFunction<(wanted: Arrays, others: Arrays, grads: Arrays) => Computed>;

/** A call that jax-js compiles, forward or with its gradients. */
export class PreparedOp implements PreparedWork {
  readonly #device: Device;
  readonly #orders: Orders;
  readonly #compiled: Compiled;
  /** Inputs whose gradients are wanted, the others, and gradients of the outputs. */
  readonly #given: readonly [wanted: Arrays, others: Arrays, grads: Arrays];

  constructor(device: Device, op: JaxOp, call: Call<HostTensor>, setting: string) {
    const { inputs, grads = {}, params } = call;
    this.#device = device;
    this.#orders = op.orders(setting);
    const names = call.grads ? wantedOf(call) : [];
    const upload = (tensors: HostTensors, belongs: (name: string) => boolean): Arrays =>
      Object.fromEntries(
        Object.entries(tensors)
          .filter(([name]) => belongs(name))
          .map(([name, host]) => [name, device.upload(host, this.#orders[name])]),
      );
    this.#given = [
      upload(inputs, (name) => names.includes(name)),
      upload(inputs, (name) => !names.includes(name)),
      upload(grads, () => true),
    ];
    this.#compiled = jit(compute(op, params, setting));
  }

  async run(times: number): Promise<void> {
    for (let i = 0; i < times; i++) this.#device.submit(this.#compute() as unknown as Arrays);
    await this.#device.finish();
  }

  /** As its own benchmarks have it: each result is waited for. */
  async runDocumented(times: number): Promise<void> {
    for (let i = 0; i < times; i++) tree.dispose(await blockUntilReady(this.#compute()));
  }

  async results(): Promise<Results<HostTensor>> {
    const { outputs, gradients } = await blockUntilReady(this.#compute());
    const results = { outputs: await this.#read(outputs), gradients: await this.#read(gradients) };
    await this.#device.settle();
    return results;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const arrays of this.#given) tree.dispose(arrays);
    this.#compiled.dispose();
    await this.#device.settle();
  }

  #compute(): Computed {
    const [wanted, others, grads] = this.#given.map((arrays) => tree.ref(arrays));
    return this.#compiled(wanted as Arrays, others as Arrays, grads as Arrays) as Computed;
  }

  async #read(arrays: Arrays): Promise<HostTensors> {
    const read = Object.entries(arrays).map(
      async ([name, array]) => [name, await this.#device.read(array, this.#orders[name])] as const,
    );
    return Object.fromEntries(await Promise.all(read));
  }
}

/** The function that is compiled. */
function compute(op: JaxOp, params: object, setting: string) {
  return function computed(wanted: Arrays, others: Arrays, grads: Arrays): Computed {
    const forward = (inputs: Arrays) => op.forward({ ...inputs, ...others }, params, setting);
    const outputs = Object.keys(grads);
    if (outputs.length === 0) return { outputs: forward(wanted), gradients: {} };
    const [y, backward] = vjp((inputs: Arrays) => picked(forward(inputs), outputs), [wanted]);
    const [gradients] = backward(grads) as [Arrays];
    backward.dispose();
    return { outputs: y, gradients };
  };
}

/** Those of some names; the others are dropped. */
function picked(arrays: Arrays, names: readonly string[]): Arrays {
  for (const [name, array] of Object.entries(arrays)) if (!names.includes(name)) array.dispose();
  return mapped(Object.fromEntries(names.map((name) => [name, name])), (name) => arrays[name]) as {
    [name: string]: np.Array;
  };
}
