import type { numpy as np } from '@jax-js/jax';
import type { Call } from '../../src/graph/call.ts';
import type { HostTensor } from '../../src/tensor/host.ts';
import {
  completed,
  type InputsOf,
  type OutputsOf,
  type ParamsOf,
  type Signature,
} from '../../src/vocabulary/signature.ts';

/** Arrays by name. A function that is given some owns them: it uses each once, or its `ref`. */
export type Arrays = { [name: string]: np.Array };

/** Why jax-js does not do a work. */
export interface Reason {
  readonly reason: string;
}

/** The order of a tensor's dimensions on the device, where it is another than the op's. */
export type Orders = Readonly<Record<string, readonly number[]>>;

/** How jax-js computes an op of the vocabulary; it is compiled, and its gradients follow. */
export interface JaxOp {
  readonly op: string;
  readonly settings: (call: Call<HostTensor>) => readonly string[] | Reason;
  readonly orders: (setting: string) => Orders;
  readonly forward: (inputs: Arrays, params: object, setting: string) => Arrays;
}

interface Choices<S extends Signature> {
  readonly settings?: (asked: {
    readonly params: ParamsOf<S>;
    readonly tensors: InputsOf<S, HostTensor>;
  }) => readonly string[] | Reason;
  readonly orders?: (setting: string) => Orders;
}

export const ONE_SETTING: readonly string[] = ['jit'];

/** How jax-js computes the op of `signature`. */
export function jaxOp<S extends Signature>(
  signature: S,
  forward: (
    inputs: InputsOf<NoInfer<S>, np.Array>,
    params: ParamsOf<NoInfer<S>>,
    setting: string,
  ) => Partial<OutputsOf<NoInfer<S>, np.Array>>,
  { settings = () => ONE_SETTING, orders = () => ({}) }: Choices<NoInfer<S>> = {},
): JaxOp {
  const complete = (params: object) => completed(signature, params as never);
  return {
    op: signature.name,
    settings: ({ params, inputs }) =>
      settings({ params: complete(params), tensors: inputs as InputsOf<S, HostTensor> }),
    orders,
    forward: (inputs, params, setting) =>
      forward(inputs as unknown as InputsOf<S, np.Array>, complete(params), setting) as Arrays,
  };
}
