import type { Gpu } from '../gpu/gpu.ts';
import { Scope } from '../gpu/scope.ts';
import { seam } from '../seam.ts';
import type { Tensor, Tensors } from '../tensor/tensor.ts';
import { checkTypes, type Takes } from './element-types.ts';
import { anyHalf, narrowed, outputDtype, type StorageRules, unrounded, widened } from './storage.ts';

/**
 * One way to run an op. `depth` is the c of the error bound: for a sum of `terms` products it returns
 * (terms that one invocation adds - 1) + levels across invocations + 1 for the product.
 */
export interface Variant {
  readonly kernels: readonly string[];
  readonly depth: (terms: number) => number;
  /** Adapter features without which the variant cannot run. */
  readonly needs?: readonly GPUFeatureName[];
  /** Whether {@link Op.forward} picks it by itself on this adapter; the first variant that agrees wins, else the first of all. */
  readonly prefers?: (gpu: Gpu) => boolean;
}

/** Tensors by the op's input names; optional ones may be absent. */
export type Inputs<Required extends string, Optional extends string> = Readonly<Record<Required, Tensor>> & {
  readonly [K in Optional]?: Tensor | undefined;
};

/** What a backward pass is given. `wants` names the inputs whose gradients are needed: others must not be computed. */
export interface BackwardContext<Required extends string, Optional extends string, Out extends string, Params> {
  readonly inputs: Inputs<Required, Optional>;
  /** What forward returned, auxiliary outputs included. */
  readonly outputs: Readonly<Record<Out, Tensor>>;
  /** Gradients that flow in, by output. An output without one does not contribute. */
  readonly grads: { readonly [K in Out]?: Tensor | undefined };
  readonly params: Params;
  readonly wants: ReadonlySet<string>;
  readonly variant?: string | undefined;
}

/** What the author of an op writes, for tensors in f32. Inputs, outputs and params have the names of the parity-bundle vocabulary. */
export interface OpDefinition<Required extends string, Optional extends string, Out extends string, Params> {
  readonly name: string;
  readonly variants: Readonly<Record<string, Variant>>;
  /** Element types of inputs that do not hold floats (f32, f16, bf16), by name; or those of every input. */
  readonly takes?: Takes<Required | Optional>;
  /** Where the op deviates from float32 kernels between casts, and its outputs from torch's promotion. */
  readonly storage?: StorageRules<Required | Optional>;
  /** Allocates and returns the outputs. `variant` is a key of `variants`, already chosen. Must throw on shapes that do not fit. */
  readonly forward: (gpu: Gpu, inputs: Inputs<Required, Optional>, params: Params, variant: string) => Readonly<Record<Out, Tensor>>;
  /** Allocates and returns the gradients of the wanted inputs, by input name. */
  readonly backward?: (
    gpu: Gpu,
    context: BackwardContext<Required, Optional, Out, Params>,
    variant: string,
  ) => Readonly<Record<string, Tensor>>;
}

/** A launcher: what the engine above calls. The caller owns every tensor that comes back. */
export interface Op<Required extends string = string, Optional extends string = string, Out extends string = string, Params = never> {
  readonly name: string;
  readonly variants: Readonly<Record<string, Variant>>;
  forward(gpu: Gpu, inputs: Inputs<Required, Optional>, params: Params, variant?: string): Readonly<Record<Out, Tensor>>;
  backward?(gpu: Gpu, context: BackwardContext<Required, Optional, Out, Params>): Readonly<Record<string, Tensor>>;
}

/**
 * Makes a launcher of a definition: picks the variant, puts the seams `<name>.forward` and `<name>.backward` in place, and takes and gives
 * tensors in halves: gradients are stored as their inputs are, outputs as {@link outputDtype} says. Forward throws ElementTypeError for an
 * input of an element type that the op does not take.
 */
export function defineOp<Required extends string, Optional extends string, Out extends string, Params>(
  definition: OpDefinition<Required, Optional, Out, Params>,
): Op<Required, Optional, Out, Params> & { readonly backward: NonNullable<Op<Required, Optional, Out, Params>['backward']> } {
  const { name, variants, takes = {}, storage = {} } = definition;
  const forward = seam(`${name}.forward`, (...args: Parameters<typeof definition.forward>) => {
    checkTypes(name, args[1], takes);
    return definition.forward(...args);
  });
  const backward = definition.backward && seam(`${name}.backward`, definition.backward);
  return {
    name,
    variants,
    forward: (gpu, inputs, params, asked) => {
      const variant = asked ?? chooseVariant(gpu, variants);
      if (!anyHalf(inputs)) return forward(gpu, inputs, params, variant);
      using scope = new Scope();
      const outputs = forward(gpu, widened(gpu, scope, inputs, storage.reads), params, variant);
      return narrowed(gpu, outputs, outputDtype(inputs, storage));
    },
    backward: (gpu, context) => {
      if (!backward) throw new TypeError(`${name} has no backward pass`);
      const { inputs, outputs, grads, variant = chooseVariant(gpu, variants) } = context;
      if (context.wants.size === 0 || ![inputs, outputs, grads].some(anyHalf)) return backward(gpu, context, variant);
      using scope = new Scope();
      const given = widened(gpu, scope, inputs, storage.reads);
      const wide = {
        ...context,
        inputs: given,
        outputs: unrounded(outputs, () => scope.addAll(forward(gpu, given, context.params, variant))),
        grads: widened(gpu, scope, grads),
      };
      return narrowed(gpu, backward(gpu, wide, variant), (input) => (inputs as Tensors)[input]?.dtype);
    },
  };
}

/** The variant that runs when none is asked for. Throws TypeError when the adapter can run none. */
export function chooseVariant(gpu: Gpu, variants: Readonly<Record<string, Variant>>): string {
  const usable = Object.entries(variants).filter(([, variant]) => (variant.needs ?? []).every((feature) => gpu.features.has(feature)));
  const chosen = usable.find(([, variant]) => variant.prefers?.(gpu)) ?? usable[0];
  if (!chosen) throw new TypeError('no variant of the op runs on this adapter');
  return chosen[0];
}
