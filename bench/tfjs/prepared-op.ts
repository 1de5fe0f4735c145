import * as tf from '@tensorflow/tfjs-core';
import type { PreparedWork } from '../../src/bench/contender.ts';
import type { Call, Results } from '../../src/graph/call.ts';
import type { HostTensor } from '../../src/tensor/host.ts';
import { wantedOf } from '../contender/wanted.ts';
import type { Device } from './device.ts';
import type { Orders, TfOp } from './op.ts';

type Tensors = Readonly<Record<string, tf.Tensor>>;

/** A call on the device of TensorFlow.js, forward or with its gradients. */
export class PreparedOp implements PreparedWork {
  readonly #device: Device;
  readonly #op: TfOp;
  readonly #params: object;
  readonly #orders: Orders;
  readonly #setting: string;
  readonly #inputs: Tensors;
  readonly #constants: Tensors;
  /** The gradient of the one output that gradients flow into. */
  readonly #grad: readonly [output: string, dy: tf.Tensor] | undefined;
  readonly #wanted: readonly string[];

  constructor(device: Device, op: TfOp, call: Call<HostTensor>, setting: string) {
    this.#device = device;
    this.#op = op;
    this.#params = call.params;
    this.#orders = op.orders(call);
    this.#setting = setting;
    const upload = ([name, host]: readonly [string, HostTensor]) =>
      [name, device.upload(host, this.#orders[name])] as const;
    this.#inputs = Object.fromEntries(Object.entries(call.inputs).map(upload));
    this.#constants = Object.fromEntries(Object.entries(op.constants(call)).map(upload));
    const [grad] = Object.entries(call.grads ?? {});
    this.#grad = grad && upload(grad);
    this.#wanted = wantedOf(call);
  }

  async run(times: number): Promise<void> {
    this.#device.configure(this.#setting);
    for (let i = 0; i < times; i++) tf.dispose(this.#compute());
    await this.#device.finish();
  }

  /** As its documents show it: the numbers are asked for after each run. */
  async runDocumented(times: number): Promise<void> {
    this.#device.configure(this.#setting);
    for (let i = 0; i < times; i++) {
      const results = this.#compute();
      await Promise.all(results.map((tensor) => tensor.data()));
      tf.dispose(results);
    }
  }

  async results(): Promise<Results<HostTensor>> {
    this.#device.configure(this.#setting);
    const outputs = tf.tidy(() => this.#forward(this.#inputs) as Record<string, tf.Tensor>);
    const gradients = this.#grad ? this.#gradients(this.#grad) : [];
    const named = Object.fromEntries(gradients.map((tensor, i) => [this.#wanted[i], tensor]));
    const read = { outputs: await this.#read(outputs), gradients: await this.#read(named) };
    await this.#device.settle();
    tf.dispose([outputs, gradients]);
    return read;
  }

  readonly metrics = () => ({ bytes: this.#device.bytes });

  async [Symbol.asyncDispose](): Promise<void> {
    tf.dispose([Object.values(this.#inputs), Object.values(this.#constants)]);
    if (this.#grad) this.#grad[1].dispose();
    await this.#device.finish();
    await this.#device.settle();
  }

  #compute(): tf.Tensor[] {
    if (this.#grad) return this.#gradients(this.#grad);
    return tf.tidy(() => Object.values(this.#forward(this.#inputs)));
  }

  #forward(inputs: Tensors): Tensors {
    return this.#op.forward(inputs, this.#params, this.#constants);
  }

  #gradients([output, dy]: readonly [string, tf.Tensor]): tf.Tensor[] {
    const ofWanted = (...wanted: tf.Tensor[]) => {
      const given = Object.fromEntries(wanted.map((tensor, i) => [this.#wanted[i], tensor]));
      return this.#forward({ ...this.#inputs, ...given })[output] as tf.Tensor;
    };
    const wanted = this.#wanted.map((name) => this.#inputs[name] as tf.Tensor);
    return tf.tidy(() => tf.grads(ofWanted)(wanted, dy));
  }

  async #read(tensors: Tensors): Promise<Readonly<Record<string, HostTensor>>> {
    const entries = Object.entries(tensors).map(
      async ([name, tensor]) =>
        [name, await this.#device.read(tensor, this.#orders[name])] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  }
}
