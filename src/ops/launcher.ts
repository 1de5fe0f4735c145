import { type Gpu, hasFewLanes } from '../gpu/gpu.ts';
import { Scope } from '../gpu/scope.ts';
import { seam } from '../seam.ts';
import type { Tensor, Tensors } from '../tensor/tensor.ts';
import {
  completed,
  type GivenParams,
  type GradientsOf,
  type GradOutputsOf,
  type InputsOf,
  type ParamsOf,
  type SavedOutputsOf,
  type Signature,
} from '../vocabulary/signature.ts';
import { checkDevice } from './check-device.ts';
import { checkInputs, operandType } from './element-types.ts';
import {
  anyHalf,
  broughtTo,
  narrowed,
  outputDtype,
  type StorageRules,
  unrounded,
  widened,
} from './storage.ts';
import { chooseVariant, takingSizes, type Variant } from './variants.ts';

/**
 * Outputs of a forward pass, with what it saves: by the signature, and by the launcher's own names.
 */
type Outputs<S extends Signature, Own extends string> = SavedOutputsOf<S, Tensor> & {
  readonly [Name in Own as Name extends `${string}?` ? never : Name]: Tensor;
} & {
  readonly [Name in Own as Name extends `${infer Base}?` ? Base : never]?: Tensor | undefined;
};

/**
 * What a backward pass is given. `wants` names the inputs whose gradients are needed: others must
 * not be computed.
 */
export interface Backward<S extends Signature, Own extends string = never, Params = ParamsOf<S>> {
  readonly inputs: InputsOf<S, Tensor>;
  /** What forward returned, saved tensors included. */
  readonly outputs: Outputs<S, Own>;
  /** Gradients of the outputs, by output. An output without one does not contribute. */
  readonly grads: GradOutputsOf<S, Tensor>;
  readonly params: Params;
  readonly wants: ReadonlySet<string>;
}

/**
 * What the author of a launcher writes, for tensors in f32; of integers, in i32. An input in halves
 * is bound as it lies, and its kernel reads floats; what is allocated is {@link computedAs} them.
 */
interface Definition<S extends Signature, Own extends string> {
  readonly variants: Readonly<Record<string, Variant>>;
  /**
   * Names of tensors that only this launcher's backward pass reads, beside those of the signature;
   * `x?` of an x that may be absent.
   */
  readonly saves?: readonly Own[];
  /**
   * How the op deviates from float32 kernels between casts, and its outputs from torch's
   * promotion.
   */
  readonly storage?: StorageRules<string>;
  /**
   * Allocates and returns the outputs. `variant` is a key of `variants`, already chosen. Must throw
   * on shapes that do not fit.
   */
  readonly forward: (
    gpu: Gpu,
    inputs: InputsOf<S, Tensor>,
    params: ParamsOf<S>,
    variant: string,
  ) => Outputs<S, Own>;
  /** Allocates and returns the gradients of the wanted inputs. */
  readonly backward?: (
    gpu: Gpu,
    context: Backward<S, Own>,
    variant: string,
  ) => GradientsOf<S, Tensor>;
}

/** Runs an op on the GPU, forward and backward. The caller owns every tensor that comes back. */
export interface Launcher<S extends Signature = Signature> {
  readonly name: string;
  readonly signature: S;
  readonly variants: Readonly<Record<string, Variant>>;
  /** The outputs; parameters that are absent have their defaults. Throws what the op refuses. */
  forward(
    gpu: Gpu,
    inputs: InputsOf<S, Tensor>,
    params: GivenParams<S>,
    variant?: string,
  ): SavedOutputsOf<S, Tensor>;
  /** Gradients of the inputs that `wants` names. Throws TypeError for an op without gradients. */
  backward(
    gpu: Gpu,
    context: Backward<S, never, GivenParams<S>> & { readonly variant?: string | undefined },
  ): GradientsOf<S, Tensor>;
}

/**
 * Makes a launcher of a definition: fills in parameters, picks the variant, puts the seams
 * `<name>.forward` and `<name>.backward` in place, and takes and gives tensors in halves and bytes:
 * gradients are stored as their inputs are, outputs as {@link outputDtype} says. Throws
 * ElementTypeError for an input of an element type that the signature does not take.
 */
export function launcher<S extends Signature, const Own extends string = never>(
  signature: S,
  definition: Definition<NoInfer<S>, Own>,
): Launcher<S> {
  const { name } = signature;
  const { variants, storage = {} } = definition;
  const choosable = { signature, variants };
  const changes = Object.keys(signature.outputs).some((name) => signature.inputs[name]);
  const widens = (gpu: Gpu) =>
    changes || storage.widens === true || (storage.widens === 'few lanes' && hasFewLanes(gpu));
  // What a fault puts in the place of a call is a call: its parameters are completed behind the seam.
  const forward = seam(
    `${name}.forward`,
    (gpu: Gpu, inputs: InputsOf<S, Tensor>, given: GivenParams<S>, variant: string) => {
      checkInputs(signature, inputs);
      checkDevice(name, gpu, inputs);
      return definition.forward(gpu, inputs, completed(signature, given), variant);
    },
  );
  const differentiate = definition.backward;
  const backward =
    differentiate &&
    seam(
      `${name}.backward`,
      (gpu: Gpu, context: Backward<S, Own, GivenParams<S>>, variant: string) =>
        differentiate(gpu, { ...context, params: completed(signature, context.params) }, variant),
    );
  return {
    name,
    signature,
    variants,
    forward: (gpu, inputs, params, asked) => {
      const variant = asked ?? chooseVariant(gpu, choosable, inputs as Tensors);
      using _sizes = takingSizes(gpu, choosable, inputs as Tensors, variant);
      const type = operandType(signature, inputs);
      if (!type && !anyHalf(inputs)) return forward(gpu, inputs, params, variant);
      using scope = new Scope();
      const brought = type ? broughtTo(gpu, scope, inputs, signature, type) : inputs;
      const wide = widens(gpu) ? widened(gpu, scope, brought) : brought;
      const outputs = forward(gpu, wide, params, variant);
      return narrowed(gpu, outputs, outputDtype(signature, inputs, storage), storage.remembers);
    },
    backward: (gpu, { variant: asked, ...context }) => {
      if (!backward) throw new TypeError(`${name} has no backward pass`);
      const { inputs, outputs, grads, wants, params } = context;
      const variant = asked ?? chooseVariant(gpu, choosable, inputs as Tensors);
      using _sizes = takingSizes(gpu, choosable, inputs as Tensors, variant);
      const whole = { inputs, outputs: outputs as Outputs<S, Own>, grads, wants, params };
      const type = operandType(signature, inputs);
      if (wants.size === 0 || !(type || [inputs, outputs, grads].some(anyHalf))) {
        return backward(gpu, whole, variant);
      }
      using scope = new Scope();
      const brought = type ? broughtTo(gpu, scope, inputs, signature, type) : inputs;
      const wide = widens(gpu) ? widened(gpu, scope, brought) : brought;
      const again = () => scope.addAll(forward(gpu, wide, params, variant) as Tensors);
      const gradients = backward(
        gpu,
        {
          ...whole,
          inputs: wide,
          outputs: unrounded(outputs as Tensors, again) as unknown as Outputs<S, Own>,
          grads: widens(gpu) ? widened(gpu, scope, grads) : grads,
        },
        variant,
      );
      return narrowed(gpu, gradients, (input) => (inputs as Tensors)[input]?.dtype);
    },
  };
}
