import { present } from '../graph/call.ts';
import type { HostTensor, HostTensors } from '../tensor/host.ts';
import type { Random } from '../tensor/random.ts';
import type { Shape } from '../tensor/shape.ts';
import type { TensorRule, TensorRules } from '../vocabulary/rules.ts';
import {
  completed,
  type GivenParams,
  type GradientsOf,
  type GradOutputsOf,
  type InputsOf,
  type OutputsOf,
  type ParamsOf,
  type Signature,
} from '../vocabulary/signature.ts';
import type { Foreseen, Steps } from './foreseen.ts';
import type {
  Acceptance,
  Acceptances,
  Arithmetic,
  Intermediates,
  OpRecord,
  PlausibleBug,
  RecordFault,
  Sample,
  TensorSpec,
  Value,
  Values,
} from './record.ts';
import type { SimulatedGpu } from './simulation/simulated-gpu.ts';
import type { Simulation } from './simulation/simulation.ts';

/** {@link Sample} of an op with a signature. */
export interface SampleOf<S extends Signature>
  extends Omit<Sample<GivenParams<S>>, 'inputs' | 'grads'> {
  readonly inputs: (random: Random) => InputsOf<S, HostTensor>;
  readonly grads?: (random: Random) => GradOutputsOf<S, HostTensor>;
}

/** {@link PlausibleBug} of an op with a signature. */
export type PlausibleBugOf<S extends Signature> = PlausibleBug<ParamsOf<S>, InputsOf<S, Value>>;

/**
 * The part of {@link OpRecord} that its author writes; parameters have their defaults filled in.
 */
export interface RecordDefinition<S extends Signature> {
  readonly summary: string;
  readonly unsupported?: (inputs: InputsOf<S, Value>, params: ParamsOf<S>) => string | undefined;
  readonly paramsOfShapes?: Readonly<
    Record<string, (outputs: Readonly<Record<string, Shape>>) => number | undefined>
  >;
  readonly forward: (inputs: InputsOf<S, Value>, params: ParamsOf<S>) => OutputsOf<S, Value>;
  readonly forwardFrom?: (
    inputs: InputsOf<S, Value>,
    actual: Values,
    params: ParamsOf<S>,
  ) => OutputsOf<S, Value>;
  readonly forwardChosen?: (
    inputs: InputsOf<S, Value>,
    actual: Partial<OutputsOf<S, Value>>,
    params: ParamsOf<S>,
  ) => OutputsOf<S, Value> | undefined;
  readonly forwardDetached?: (
    inputs: InputsOf<S, Value>,
    params: ParamsOf<S>,
    at: InputsOf<S, Value>,
  ) => OutputsOf<S, Value>;
  readonly acceptance: (
    inputs: InputsOf<S, Value>,
    outputs: OutputsOf<S, Value>,
    params: ParamsOf<S>,
    arithmetic: Arithmetic,
  ) => Partial<OutputsOf<S, Acceptance>>;
  readonly asWritten?: boolean;
  readonly intermediates?: (
    inputs: InputsOf<S, Value>,
    params: ParamsOf<S>,
    grads?: GradOutputsOf<S, Value>,
  ) => Readonly<Record<string, Intermediates>>;
  readonly foreseen?: (
    steps: Steps,
    inputs: InputsOf<S, Value>,
    params: ParamsOf<S>,
    grads?: GradOutputsOf<S, Value>,
    actual?: Values,
  ) => Readonly<Record<string, readonly Foreseen[]>>;
  readonly vjp?: (
    inputs: InputsOf<S, Value>,
    params: ParamsOf<S>,
    grads: GradOutputsOf<S, Value>,
  ) => GradientsOf<S, Value>;
  readonly vjpChosen?: (
    inputs: InputsOf<S, Value>,
    params: ParamsOf<S>,
    grads: GradOutputsOf<S, Value>,
    actual: {
      readonly outputs: Partial<OutputsOf<S, Value>>;
      readonly gradients: GradientsOf<S, Value>;
    },
  ) => GradientsOf<S, Value>;
  readonly vjpAcceptance?: (
    inputs: InputsOf<S, Value>,
    gradients: GradientsOf<S, Value>,
    params: ParamsOf<S>,
    grads: GradOutputsOf<S, Value>,
    arithmetic: Arithmetic,
  ) => GradientsOf<S, Acceptance>;
  readonly samples: readonly SampleOf<S>[];
  readonly faults: readonly RecordFault[];
  readonly plausibleBugs: readonly PlausibleBugOf<S>[];
}

/** A record as the harness reads it, any op's alike, and as its signature types it. */
export interface RecordOf<S extends Signature>
  extends Omit<OpRecord<GivenParams<S>>, 'samples' | 'plausibleBugs'>,
    Pick<OpRecord, 'samples' | 'plausibleBugs'> {
  readonly signature: S;
  readonly forward: Typed<S>['forward'] & Loose<S>['forward'];
  readonly acceptance: Typed<S>['acceptance'] & Loose<S>['acceptance'];
  readonly vjp?: Typed<S>['vjp'] & Loose<S>['vjp'];
  readonly vjpAcceptance?: Typed<S>['vjpAcceptance'] & Loose<S>['vjpAcceptance'];
}

/** What a record computes, of tensors by whatever names. */
type Loose<S extends Signature> = Required<OpRecord<GivenParams<S>>>;

/** What a record computes, of tensors by the names of the signature. */
interface Typed<S extends Signature> {
  forward(inputs: InputsOf<S, Value>, params: GivenParams<S>): OutputsOf<S, Value>;
  acceptance(
    inputs: InputsOf<S, Value>,
    outputs: OutputsOf<S, Value>,
    params: GivenParams<S>,
    arithmetic: Arithmetic,
  ): Partial<OutputsOf<S, Acceptance>>;
  vjp(
    inputs: InputsOf<S, Value>,
    params: GivenParams<S>,
    grads: GradOutputsOf<S, Value>,
  ): GradientsOf<S, Value>;
  vjpAcceptance(
    inputs: InputsOf<S, Value>,
    gradients: GradientsOf<S, Value>,
    params: GivenParams<S>,
    grads: GradOutputsOf<S, Value>,
    arithmetic: Arithmetic,
  ): GradientsOf<S, Acceptance>;
}

/** The record of the op of `signature`. */
export function defineRecord<S extends Signature>(
  signature: S,
  definition: RecordDefinition<NoInfer<S>>,
): RecordOf<S> {
  const complete = (params: unknown) => completed(signature, params as GivenParams<S>);
  const { forward, acceptance, vjp, vjpAcceptance, unsupported } = definition;
  const { forwardFrom, forwardChosen, forwardDetached, vjpChosen } = definition;
  const { paramsOfShapes, intermediates, foreseen, asWritten } = definition;
  type In = InputsOf<S, Value>;
  type Out = OutputsOf<S, Value>;
  type GradOutputs = GradOutputsOf<S, Value>;
  // Here the op's own types end: the harness passes on what the samples or a bundle gave.
  const erased: OpRecord & { readonly signature: S } = {
    signature,
    name: signature.name,
    family: signature.family,
    summary: definition.summary,
    inputs: specsOf(signature.inputs, signature.gradients),
    outputs: specsOf({ ...signature.outputs, ...signature.saved }, []),
    ...(unsupported && {
      unsupported: (inputs, params) => unsupported(inputs as In, complete(params)),
    }),
    ...(paramsOfShapes && { paramsOfShapes }),
    forward: (inputs, params) => present(forward(inputs as In, complete(params))),
    ...(forwardFrom && {
      forwardFrom: (inputs, actual, params) =>
        present(forwardFrom(inputs as In, actual, complete(params))),
    }),
    ...(forwardChosen && {
      forwardChosen: (inputs, actual, params) => {
        const chosen = forwardChosen(inputs as In, actual as Partial<Out>, complete(params));
        return chosen && present(chosen);
      },
    }),
    ...(forwardDetached && {
      forwardDetached: (inputs, params, at) =>
        present(forwardDetached(inputs as In, complete(params), at as In)),
    }),
    acceptance: (inputs, outputs, params, arithmetic): Acceptances =>
      present(acceptance(inputs as In, outputs as Out, complete(params), arithmetic)),
    ...(asWritten && { asWritten }),
    ...(intermediates && {
      intermediates: (inputs, params, grads) =>
        intermediates(inputs as In, complete(params), grads as GradOutputs | undefined),
    }),
    ...(foreseen && {
      foreseen: (steps, inputs, params, grads, actual) =>
        foreseen(steps, inputs as In, complete(params), grads as GradOutputs | undefined, actual),
    }),
    ...(vjp && {
      vjp: (inputs, params, grads) =>
        present(vjp(inputs as In, complete(params), grads as GradOutputs)),
    }),
    ...(vjpChosen && {
      vjpChosen: (inputs, params, grads, { outputs, gradients }) =>
        present(
          vjpChosen(inputs as In, complete(params), grads as GradOutputs, {
            outputs: outputs as Partial<Out>,
            gradients: gradients as GradientsOf<S, Value>,
          }),
        ),
    }),
    ...(vjpAcceptance && {
      vjpAcceptance: (inputs, gradients, params, grads, arithmetic): Acceptances =>
        present(
          vjpAcceptance(
            inputs as In,
            gradients as GradientsOf<S, Value>,
            complete(params),
            grads as GradOutputs,
            arithmetic,
          ),
        ),
    }),
    samples: definition.samples.map(erasedSample),
    faults: definition.faults,
    plausibleBugs: definition.plausibleBugs.map(({ name, apply }): PlausibleBug<object> => {
      const wrong = apply as unknown as PlausibleBug<unknown>['apply'];
      return { name, apply: (inputs, params) => wrong(inputs, complete(params)) as never };
    }),
  };
  return erased as RecordOf<S>;
}

function erasedSample<S extends Signature>(sample: SampleOf<S>): Sample<object> {
  const { inputs, grads } = sample;
  return {
    ...sample,
    inputs: (random) => present(inputs(random)),
    ...(grads && { grads: (random: Random): HostTensors => present(grads(random)) }),
  };
}

/** The simulation of the op of `signature`: what its kernels compute, operation by operation. */
export function defineSimulation<S extends Signature>(
  signature: S,
  definition: SimulationDefinition<NoInfer<S>>,
): Simulation {
  const complete = (params: unknown) => completed(signature, params as GivenParams<S>);
  const { forward, backward, samples } = definition;
  type In = InputsOf<S, Value>;
  return {
    op: signature.name,
    forward: (gpu, inputs, params, variant) =>
      present(forward(gpu, inputs as In, complete(params), variant)),
    ...(backward && {
      backward: (gpu, inputs, params, grads, variant) =>
        present(
          backward(gpu, inputs as In, complete(params), grads as GradOutputsOf<S, Value>, variant),
        ),
    }),
    ...(samples && { samples: samples.map(erasedSample) }),
  };
}

/** The part of {@link Simulation} that its author writes. */
export interface SimulationDefinition<S extends Signature> {
  readonly forward: (
    gpu: SimulatedGpu,
    inputs: InputsOf<S, Value>,
    params: ParamsOf<S>,
    variant: string,
  ) => Partial<OutputsOf<S, Value>>;
  readonly backward?: (
    gpu: SimulatedGpu,
    inputs: InputsOf<S, Value>,
    params: ParamsOf<S>,
    grads: GradOutputsOf<S, Value>,
    variant: string,
  ) => GradientsOf<S, Value>;
  readonly samples?: readonly SampleOf<S>[];
}

/** Tensors of one side as the harness looks them up. */
function specsOf(
  rules: TensorRules<never>,
  gradients: readonly string[],
): Readonly<Record<string, TensorSpec>> {
  const spec = ([name, { native, optional, when }]: [string, TensorRule<never>]) => [
    name,
    {
      dtypes: native,
      ...(optional || when ? { optional: true } : {}),
      ...(gradients.includes(name) ? { differentiable: true } : {}),
    },
  ];
  return Object.fromEntries(Object.entries(rules).map(spec));
}
