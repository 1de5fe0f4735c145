import type { StoredTensor } from '../../formats/safetensors/stored.ts';
import { storedParts } from '../../formats/safetensors/write.ts';
import type { Safetensors } from '../../formats/safetensors.ts';
import { filedParts } from '../filed.ts';
import { QuantizerError } from '../quantizer-error.ts';
import { schemeOf } from '../registry.ts';
import type { WholeChoice } from './schemes.ts';
import type { StoredLayer } from './stored.ts';
import { schemeKey } from './totals.ts';
import type { WeightSource } from './weight-source.ts';

/** What weights were quantized, and by what. */
export interface QuantizedOf {
  /** Where they are from; undefined of drawn ones. */
  readonly file: Safetensors | undefined;
  readonly weights: readonly Pick<WeightSource, 'layer'>[];
  readonly scheme: WholeChoice;
}

/**
 * The bytes, in order, of a safetensors file with quantized layers as the method's library has
 * them, and all else of `file` as it was, without activations. Its metadata say the scheme
 * (`quantizer`: `nf4;bits=4;group=64`) and of each quantized layer the shape (`shape.<layer>`:
 * `512x256`), which parts do not tell, and the digest of what they stand for (`decoded.<layer>`).
 * Throws QuantizerError where a part has the name of another tensor.
 */
export function quantizedFile(
  layers: readonly StoredLayer[],
  { file, weights, scheme }: QuantizedOf,
): readonly Uint8Array[] {
  const { stored, filed = (parts) => filedParts(stored, parts) } = schemeOf(scheme);
  const made = new Map<string, StoredTensor>();
  for (const { layer, parts, shape } of layers)
    for (const [name, tensor] of filed(parts, shape)) made.set(`${layer}.${name}`, tensor);
  const replaced = new Set([
    ...layers.map(({ layer }) => `${layer}.weight`),
    ...weights.map(({ layer }) => `${layer}.activations`),
  ]);
  const rest = [...(file?.tensors ?? [])].filter(([name]) => !replaced.has(name));
  const clash = rest.find(([name]) => made.has(name));
  if (clash)
    throw new QuantizerError(
      'name-taken',
      `${scheme.method} stores a part as ${clash[0]}, which the file has already: choose another method`,
    );
  return storedParts([...rest, ...made], {
    ...Object.fromEntries(file?.metadata ?? []),
    quantizer: schemeKey(scheme),
    ...Object.fromEntries(layers.map(({ layer, shape }) => [`shape.${layer}`, shape.join('x')])),
    ...Object.fromEntries(layers.map(({ layer, decoded }) => [`decoded.${layer}`, decoded])),
  });
}
