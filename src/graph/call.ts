import type { GivenParams, GradOutputsOf, InputsOf, Signature } from '../vocabulary/signature.ts';

/** Tensors, or what stands for them, by the names that the op gives them. */
export type Named<T> = Readonly<Record<string, T>>;

/**
 * One call of an op: what is computed from its tensors, not by whom. `T` is a tensor of the party
 * that runs it: on the device, on the host, in float64, or the id of a value in a graph.
 */
export interface Call<T> {
  readonly op: Signature;
  /** As a caller writes them: those that are absent have their defaults. */
  readonly params: object;
  readonly inputs: Named<T>;
  /** Gradients of the outputs, by output; present asks for the backward pass too. */
  readonly grads?: Named<T>;
  /** Inputs whose gradients are wanted. Default all. */
  readonly wants?: readonly string[];
  /** The variant to run, one of the party's. Default its own choice. */
  readonly variant?: string;
}

/** What a call gave: outputs and, where gradients flowed in, gradients by input. */
export interface Results<T> {
  readonly outputs: Named<T>;
  readonly gradients: Named<T>;
}

/** A call of a layer, with its outputs. */
export interface LayerCall<T> extends Call<T> {
  /** The layer of the model that makes the call, for messages. */
  readonly layer: string;
  readonly outputs: Named<T>;
}

/** A call of a layer that was made, forward or, where `grads` is there, backward. */
export interface Application<T> extends LayerCall<T> {
  readonly variant: string;
  /** Gradients that came out, by input: those that were wanted. */
  readonly gradients?: Named<T>;
}

/** What a caller may say beside inputs and parameters. */
interface CallOptions<S extends Signature, T> {
  readonly grads?: GradOutputsOf<S, T>;
  readonly wants?: readonly string[];
  readonly variant?: string;
}

/** A call that its signature types, without absent inputs. */
export function callOf<S extends Signature, T>(
  op: S,
  inputs: InputsOf<NoInfer<S>, T> & Readonly<Record<string, T | undefined>>,
  params: GivenParams<NoInfer<S>>,
  { grads, ...options }: CallOptions<NoInfer<S>, NoInfer<T>> = {},
): Call<T> {
  return {
    op,
    params,
    inputs: present(inputs),
    ...(grads ? { grads: present(grads as Readonly<Record<string, T | undefined>>) } : {}),
    ...options,
  };
}

/** Without what is absent. */
export function present<T>(named: Readonly<Record<string, T | undefined>>): Record<string, T> {
  const there: Record<string, T> = {};
  for (const name of Object.keys(named)) {
    const value = named[name];
    if (value !== undefined) there[name] = value;
  }
  return there;
}

/** The same names over what `change` makes of each. */
export function mapped<Name extends string, T, U>(
  named: Readonly<Record<Name, T>>,
  change: (value: T, name: Name) => U,
): Readonly<Record<Name, U>> {
  const changed = {} as Record<Name, U>;
  for (const name of Object.keys(named) as Name[]) changed[name] = change(named[name], name);
  return changed;
}
