import type { Tape } from '../../../src/autograd/tape.ts';
import type { Launcher } from '../../../src/ops/launcher.ts';
import { filledTensor, type HostTensor, hostTensorFrom } from '../../../src/tensor/host.ts';
import type { Random } from '../../../src/tensor/random.ts';
import { type Shape, sizeOf } from '../../../src/tensor/shape.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { faultsOf } from '../../../src/testing/fault.ts';
import type { Control } from '../../../src/testing/suite.ts';
import type {
  GivenParams,
  InputsOf,
  SavedOutputsOf,
  Signature,
} from '../../../src/vocabulary/signature.ts';

type Of<Names extends string, T> = Readonly<Record<Names, T>>;

/** Runs an op on a tape. */
export type Apply = <S extends Signature>(
  op: Launcher<S>,
  inputs: InputsOf<S, Tensor>,
  params: GivenParams<S>,
) => SavedOutputsOf<S, Tensor>;

/** A model as a reader of torch would write it: what is trained, what it is given, its loss. */
export interface SmallModel<Trained extends string = string, Given extends string = string> {
  /** What it computes, in a sentence. */
  readonly description: string;
  readonly control: Control;
  readonly trained: (random: Random) => Of<Trained, HostTensor>;
  readonly given: (random: Random) => Of<Given, HostTensor>;
  /** The loss, of one element. */
  loss(apply: Apply, tensors: Of<Trained | Given, Tensor>): Tensor;
}

/** A model, typed by the names of its own tensors. */
export const smallModel = <Trained extends string, Given extends string>(
  model: SmallModel<Trained, Given>,
): SmallModel => model;

/** Ops on `tape`; layers are called after their op and their place in the model. */
export function applyOn(tape: Tape): Apply {
  let calls = 0;
  return (op, inputs, params) => tape.apply(op, inputs, params, `${op.signature.name}${calls++}`);
}

/** A control: the backward pass of an op meets another context. */
export const inBackward = (
  name: string,
  op: string,
  change: (context: Parameters<Launcher['backward']>[1]) => object,
): Control => ({
  name,
  faults: faultsOf((fault) =>
    fault.launch(`${op}.backward`, ([gpu, context, ...rest]) => [
      gpu,
      { ...context, ...change(context) },
      ...rest,
    ]),
  ),
});

/** Numbers of a normal distribution. */
export const normal = (random: Random, shape: Shape, deviation = 1): HostTensor =>
  filledTensor('f32', shape, () => random.normal(deviation));

/** Numbers of [0, below). */
export const indices = (random: Random, shape: Shape, below: number): HostTensor =>
  filledTensor('i32', shape, () => random.integer(0, below - 1));

/** The same number everywhere. */
export const constant = (shape: Shape, value: number): HostTensor =>
  hostTensorFrom('f32', shape, new Float64Array(sizeOf(shape)).fill(value));
