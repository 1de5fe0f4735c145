import { GradproofError } from '../errors.ts';
import { seam } from '../seam.ts';
import { type HostTensor, type HostTensors, hostTensorFrom, valuesOf } from '../tensor/host.ts';
import { formatShape, type Shape, sameShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { FlatParameters } from './flat-parameters.ts';

/** How a state dict differs from the parameters that it is for. */
export interface StateDifference {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly mismatched: readonly {
    readonly name: string;
    readonly expected: Shape;
    readonly got: Shape;
  }[];
}

/** A state dict that does not fit its model; the message names all that differs. */
export class StateDictError extends GradproofError {
  readonly difference: StateDifference;

  constructor(difference: StateDifference) {
    const { missing, unexpected, mismatched } = difference;
    const shapes = mismatched.map(
      ({ name, expected, got }) =>
        `${name} (expected ${formatShape(expected)}, got ${formatShape(got)})`,
    );
    const parts = Object.entries({ missing, unexpected, mismatched: shapes }).flatMap(
      ([what, names]) => (names.length > 0 ? [`${what}: ${names.join(', ')}`] : []),
    );
    super(
      'state-dict',
      `the state dict does not fit, ${parts.join('; ')}: load it into the model that it was saved from, or give strict: false`,
    );
    this.difference = difference;
  }
}

/** Parameters are float32, and a checkpoint may hold them in halves, as it does as a rule. */
function inFloat32(host: HostTensor): HostTensor {
  return host.dtype === 'f32' ? host : hostTensorFrom('f32', host.shape, valuesOf(host));
}

/**
 * Overwrites parameters with those of a state dict, whatever their element types, as torch's
 * load_state_dict does, and returns what does not fit. Throws
 * {@link StateDictError} before anything is written, unless `strict` is false: then what fits is
 * loaded.
 */
export function loadState(
  parameters: FlatParameters,
  state: HostTensors,
  { strict = true }: { readonly strict?: boolean } = {},
): StateDifference {
  const difference = differenceOf(parameters, state);
  if (mustFit(strict) && Object.values(difference).some(({ length }) => length > 0))
    throw new StateDictError(difference);
  const left = new Set(difference.mismatched.map(({ name }) => name));
  for (const name of parameters.names) {
    const host = left.has(name) ? undefined : state[name];
    if (!host) continue;
    const parameter = parameters.view(name);
    using value = Tensor.from(parameter.gpu, inFloat32(host));
    parameter.copyFrom(value);
  }
  return difference;
}

const mustFit = seam('state.must_fit', (strict: boolean): boolean => strict);

const differenceOf = seam(
  'state.difference_of',
  (parameters: FlatParameters, state: HostTensors): StateDifference => {
    const known = new Set(parameters.names);
    const common = parameters.names.filter((name) => state[name]);
    return {
      missing: parameters.names.filter((name) => !state[name]),
      unexpected: Object.keys(state).filter((name) => !known.has(name)),
      mismatched: common.flatMap((name) => {
        const expected = parameters.view(name).shape;
        const { shape: got } = state[name] as HostTensor;
        return sameShape(expected, got) ? [] : [{ name, expected, got }];
      }),
    };
  },
);
