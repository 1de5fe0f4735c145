import type { StoredTensor } from '../../formats/safetensors/stored.ts';
import { toStored, writeStored } from '../../formats/safetensors/write.ts';
import type { Safetensors } from '../../formats/safetensors.ts';
import type { WholeChoice } from '../../quantizer/choosing/schemes.ts';
import { schemeKey } from '../../quantizer/choosing/totals.ts';
import type { WeightSource } from '../../quantizer/choosing/weight-source.ts';
import { schemeOf } from '../../quantizer/registry.ts';
import type { HostTensors } from '../../tensor/host.ts';
import { UsageError } from '../exit.ts';

/** What weights were quantized, and by what. */
export interface QuantizedOf {
  /** Where they are from; undefined of drawn ones. */
  readonly file: Safetensors | undefined;
  readonly weights: readonly WeightSource[];
  readonly scheme: WholeChoice;
}

/**
 * A safetensors file with the parts of quantized layers by the names of the method's library, and
 * all else of `file` as it was, without activations. Its metadata say the scheme (`quantizer`:
 * `nf4;bits=4;group=64`) and of each quantized layer the shape (`shape.<layer>`: `512x256`), which
 * parts do not tell. Throws UsageError where a part has the name of another tensor.
 */
export function quantizedFile(
  parts: HostTensors,
  { file, weights, scheme }: QuantizedOf,
): Uint8Array<ArrayBuffer> {
  const suffixes = Object.values(schemeOf(scheme).stored);
  const quantized = weights.filter(({ layer }) =>
    suffixes.every((suffix) => Object.hasOwn(parts, `${layer}.${suffix}`)),
  );
  const replaced = new Set([
    ...quantized.map(({ layer }) => `${layer}.weight`),
    ...weights.map(({ layer }) => `${layer}.activations`),
  ]);
  const rest = [...(file?.tensors ?? [])].filter(([name]) => !replaced.has(name));
  const clash = rest.find(([name]) => Object.hasOwn(parts, name));
  if (clash)
    throw new UsageError(
      `--out: ${scheme.method} stores a part as ${clash[0]}, which the file has already: choose another method`,
    );
  const made = Object.entries(parts).map(([name, tensor]): [string, StoredTensor] => [
    name,
    toStored(tensor),
  ]);
  return writeStored([...rest, ...made], {
    ...Object.fromEntries(file?.metadata ?? []),
    quantizer: schemeKey(scheme),
    ...Object.fromEntries(quantized.map(({ layer, shape }) => [`shape.${layer}`, shape.join('x')])),
  });
}
