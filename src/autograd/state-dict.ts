import { GradproofError } from '../errors.ts';
import { mapped } from '../graph/call.ts';
import { seam } from '../seam.ts';
import { type HostTensor, type HostTensors, hostTensorFrom, valuesOf } from '../tensor/host.ts';
import { cutRows } from '../tensor/joined-rows.ts';
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

/** A state that is not one of what it is for; the message names all that differs. */
export class StateDictError extends GradproofError {
  readonly difference: StateDifference;

  constructor(difference: StateDifference, remedy: string) {
    const { missing, unexpected, mismatched } = difference;
    const shapes = mismatched.map(
      ({ name, expected, got }) =>
        `${name} (expected ${formatShape(expected)}, got ${formatShape(got)})`,
    );
    const parts = Object.entries({ missing, unexpected, mismatched: shapes }).flatMap(
      ([what, names]) => (names.length > 0 ? [`${what}: ${names.join(', ')}`] : []),
    );
    super('state-dict', `the state does not fit, ${parts.join('; ')}: ${remedy}`);
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
  if (mustFit(strict))
    requireNone(difference, 'load it into the model that it was saved from, or give strict: false');
  const left = new Set(difference.mismatched.map(({ name }) => name));
  for (const name of parameters.names) {
    const host = left.has(name) ? undefined : state[name];
    if (!host) continue;
    const tensors = parameters.tensors(name);
    const shapes = tensors.map(({ shape }) => shape);
    for (const [i, rows] of cutRows(inFloat32(host), shapes).entries()) {
      const tensor = tensors[i] as Tensor;
      using value = Tensor.from(tensor.gpu, rows);
      tensor.copyFrom(value);
    }
  }
  return difference;
}

const mustFit = seam('state.must_fit', (strict: boolean): boolean => strict);

const differenceOf = seam(
  'state.difference_of',
  (parameters: FlatParameters, state: HostTensors): StateDifference =>
    differenceFrom(
      Object.fromEntries(
        [...parameters.layout.entries].map(([name, { shape }]) => [name, shape] as const),
      ),
      state,
    ),
);

function differenceFrom(
  shapes: Readonly<Record<string, Shape>>,
  state: HostTensors,
): StateDifference {
  const names = Object.keys(shapes);
  return {
    missing: names.filter((name) => !state[name]),
    unexpected: Object.keys(state).filter((name) => !Object.hasOwn(shapes, name)),
    mismatched: Object.entries(shapes).flatMap(([name, expected]) => {
      const got = state[name]?.shape;
      return !got || sameShape(expected, got) ? [] : [{ name, expected, got }];
    }),
  };
}

/**
 * Throws {@link StateDictError} where a saved state has not the tensors that it is written to, each
 * of its shape.
 */
export function requireState(
  targets: Readonly<Record<string, { readonly shape: Shape }>>,
  state: HostTensors,
): void {
  const difference = differenceFrom(
    mapped(targets, ({ shape }) => shape),
    state,
  );
  requireNone(difference, 'restore it into a run of the same model with the same optimizer');
}

function requireNone(difference: StateDifference, remedy: string): void {
  if (Object.values(difference).some(({ length }) => length > 0))
    throw new StateDictError(difference, remedy);
}
