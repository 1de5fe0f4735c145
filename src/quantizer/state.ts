import { Scope } from '../gpu/scope.ts';
import { mapped } from '../graph/call.ts';
import { isQuantized } from '../quant/weight.ts';
import { seam } from '../seam.ts';
import type { HostTensor, HostTensors } from '../tensor/host.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { DeviceWeight } from './coding.ts';
import type { QuantizedLayer, Quantizer, ReplaceableValues } from './quantizer.ts';
import { QuantizerError } from './quantizer-error.ts';
import { schemeOf } from './registry.ts';

/** The names of a layer's parts where its library stores them. */
const storedNames = ({ name, shape, options }: QuantizedLayer): Readonly<Record<string, string>> =>
  mapped(schemeOf(options, shape).stored, (suffix) => `${name}.${suffix}`);

/**
 * Reads the values of a model back: of quantized layers their parts, by the names and in the layout
 * of the library that defines the method.
 */
export async function readState(
  values: Pick<ReplaceableValues, 'names' | 'view'>,
  layers: readonly QuantizedLayer[],
): Promise<Record<string, HostTensor>> {
  const parts = new Map(layers.map((layer) => [`${layer.name}.weight`, storedNames(layer)]));
  const state: Record<string, HostTensor> = {};
  for (const name of values.names) {
    const value = values.view(name);
    const tensors: Readonly<Record<string, Tensor>> = isQuantized(value)
      ? renamed(value, parts.get(name) ?? {})
      : { [name]: value };
    for (const [stored, tensor] of Object.entries(tensors))
      state[stored] = storedPart(await tensor.read());
  }
  return state;
}

/** What is stored of a part. */
const storedPart = seam('quantizer.stored_part', (read: HostTensor): HostTensor => read);

function renamed(
  { parts }: DeviceWeight,
  names: Readonly<Record<string, string>>,
): Readonly<Record<string, Tensor>> {
  return Object.fromEntries(
    Object.entries(parts).map(([part, tensor]) => [names[part] ?? part, tensor]),
  );
}

/**
 * Puts what {@link readState} read into a model of the same architecture, in floats of the types that
 * it had: no weight is quantized again. Throws {@link QuantizerError} `state-dict` for what is missing or does not fit, and
 * the model is as it was.
 */
export function loadState(
  quantizer: Quantizer,
  { values }: { readonly values: ReplaceableValues },
  layers: readonly QuantizedLayer[],
  state: HostTensors,
): void {
  const found = (name: string): HostTensor => {
    const host = state[name];
    if (!host) throw new QuantizerError('state-dict', `the state lacks ${name}`);
    return host;
  };
  using scope = new Scope();
  const weights = new Map<string, DeviceWeight>();
  for (const layer of layers) {
    const name = `${layer.name}.weight`;
    const { gpu, dtype } = values.view(name) as Tensor;
    const parts = mapped(storedNames(layer), (stored) =>
      scope.add(Tensor.from(gpu, found(stored))),
    );
    weights.set(name, quantizer.weightOfParts(parts, layer.shape, layer.options, dtype));
  }
  const floats = values.names.flatMap((name) => {
    const value = values.view(name);
    if (weights.has(name) || isQuantized(value)) return [];
    return [{ value, given: fitting(name, value, found(name)) }];
  });
  values.replace(weights);
  scope.move();
  for (const { value, given } of floats) {
    using made = Tensor.from(value.gpu, given);
    value.copyFrom(made);
  }
}

/** What a value in floats is replaced by. Throws QuantizerError `state-dict` for another shape. */
function fitting(name: string, { dtype, shape }: Tensor, given: HostTensor): HostTensor {
  if (given.dtype === dtype && sameShape(given.shape, shape)) return given;
  throw new QuantizerError(
    'state-dict',
    `${name} is ${given.dtype} ${formatShape(given.shape)} and should be ${dtype} ${formatShape(shape)}`,
  );
}
