import type { Tensor } from '@tensorflow/tfjs-core';
import type { Call } from '../../src/graph/call.ts';
import type { HostTensor, HostTensors } from '../../src/tensor/host.ts';
import {
  completed,
  type InputsOf,
  type OutputsOf,
  type ParamsOf,
  type Signature,
} from '../../src/vocabulary/signature.ts';

/** Why TensorFlow.js does not do a work. */
export interface Reason {
  readonly reason: string;
}

/** The order of a tensor's dimensions on the device, where it is another than the op's. */
export type Orders = Readonly<Record<string, readonly number[]>>;

/** How TensorFlow.js computes an op of the vocabulary; its own gradients follow from it. */
export interface TfOp {
  readonly op: string;
  readonly settings: (call: Call<HostTensor>) => readonly string[] | Reason;
  readonly orders: (call: Call<HostTensor>) => Orders;
  /** What is uploaded beside the inputs. */
  readonly constants: (call: Call<HostTensor>) => HostTensors;
  readonly forward: (
    inputs: Readonly<Record<string, Tensor>>,
    params: object,
    constants: Readonly<Record<string, Tensor>>,
  ) => Readonly<Record<string, Tensor>>;
}

/** A call before its tensors are on the device. */
interface Asked<S extends Signature> {
  readonly params: ParamsOf<S>;
  readonly tensors: InputsOf<S, HostTensor>;
}

interface Choices<S extends Signature> {
  readonly settings?: (asked: Asked<S>) => readonly string[] | Reason;
  readonly orders?: (asked: Asked<S>) => Orders;
  readonly constants?: (asked: Asked<S>) => HostTensors;
}

export const ONE_SETTING: readonly string[] = ['default'];

/** How TensorFlow.js computes the op of `signature`. */
export function tfOp<S extends Signature>(
  signature: S,
  forward: (
    inputs: InputsOf<NoInfer<S>, Tensor>,
    params: ParamsOf<NoInfer<S>>,
    constants: Readonly<Record<string, Tensor>>,
  ) => Partial<OutputsOf<NoInfer<S>, Tensor>>,
  choices: Choices<NoInfer<S>> = {},
): TfOp {
  const { settings = () => ONE_SETTING, orders = () => ({}), constants = () => ({}) } = choices;
  const complete = (params: object) => completed(signature, params as never);
  const asked = ({ params, inputs }: Call<HostTensor>): Asked<S> => ({
    params: complete(params),
    tensors: inputs as InputsOf<S, HostTensor>,
  });
  return {
    op: signature.name,
    settings: (call) => settings(asked(call)),
    orders: (call) => orders(asked(call)),
    constants: (call) => constants(asked(call)),
    forward: (inputs, params, made) =>
      forward(inputs as InputsOf<S, Tensor>, complete(params), made) as Readonly<
        Record<string, Tensor>
      >,
  };
}
