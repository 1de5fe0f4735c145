import type { StoredTensor } from '../../formats/safetensors/stored.ts';
import { storedParts } from '../../formats/safetensors/write.ts';
import type { Safetensors } from '../../formats/safetensors.ts';
import { filedParts } from '../filed.ts';
import { QuantizerError } from '../quantizer-error.ts';
import { schemeOf } from '../registry.ts';
import { groupOf, type WholeChoice } from './schemes.ts';
import type { StoredLayer } from './stored.ts';
import { schemeKey } from './totals.ts';
import type { WeightSource } from './weight-source.ts';

/** What weights were quantized, and by what. */
export interface QuantizedOf {
  /** Where they are from; undefined of drawn ones. */
  readonly file: Safetensors | undefined;
  readonly weights: readonly Pick<WeightSource, 'layer' | 'shape'>[];
  readonly scheme: WholeChoice;
}

/** What of the file is neither a weight that was quantized nor activations. */
export function untouchedOf(
  layers: readonly Pick<StoredLayer, 'layer'>[],
  { file, weights }: QuantizedOf,
): readonly (readonly [string, StoredTensor])[] {
  const replaced = new Set([
    ...layers.map(({ layer }) => `${layer}.weight`),
    ...weights.map(({ layer }) => `${layer}.activations`),
  ]);
  return [...(file?.tensors ?? [])].filter(([name]) => !replaced.has(name));
}

/**
 * What parts do not tell: the scheme (`quantizer`: `nf4;bits=4;group=64`), and of each layer the
 * shape (`shape.<layer>`: `512x256`), the group where that of the scheme is `usual` (`group.<layer>`:
 * `96`) and the digest of what it stands for (`decoded.<layer>`).
 */
export const tellOf = (
  layers: readonly StoredLayer[],
  scheme: WholeChoice,
): readonly (readonly [string, string])[] => [
  ['quantizer', schemeKey(scheme)],
  ...layers.map(({ layer, shape }) => [`shape.${layer}`, shape.join('x')] as const),
  ...(scheme.groupSize === 'usual'
    ? layers.map(({ layer, shape }) => [`group.${layer}`, `${groupOf(scheme, shape)}`] as const)
    : []),
  ...layers.map(({ layer, decoded }) => [`decoded.${layer}`, decoded] as const),
];

/**
 * Throws QuantizerError where the file keeps a tensor that has the name of a part of a layer, as far
 * as is known before any is quantized.
 */
export function requireFreeNames(given: QuantizedOf): void {
  const { weights, scheme } = given;
  const names = weights.flatMap(({ layer, shape }) => {
    const { refuses, stored } = schemeOf(scheme, shape);
    return refuses?.(shape) ? [] : Object.values(stored).map((name) => `${layer}.${name}`);
  });
  requireFree(new Set(names), untouchedOf(weights, given), scheme);
}

function requireFree(
  names: Pick<ReadonlySet<string>, 'has'>,
  kept: readonly (readonly [string, StoredTensor])[],
  { method }: WholeChoice,
): void {
  const clash = kept.find(([name]) => names.has(name));
  if (clash)
    throw new QuantizerError(
      'name-taken',
      `${method} stores a part as ${clash[0]}, which the file has already: choose another method`,
    );
}

/** Keys of {@link tellOf} for a layer, and of its own scheme where that is not the file's. */
const OF_LAYER = /^(?:quantizer|shape|group|decoded)\.(.*)$/s;

/**
 * The metadata of the file that was given. Where that was saved so too, layers that are quantized
 * anew lose what it told of them, and the others get their scheme (`quantizer.<layer>`) beside it.
 */
function metadataBefore(
  layers: readonly StoredLayer[],
  file: Safetensors | undefined,
): readonly (readonly [string, string])[] {
  const given = [...(file?.metadata ?? [])];
  const scheme = file?.metadata.get('quantizer');
  if (scheme === undefined) return given;
  const made = new Set(layers.map(({ layer }) => layer));
  const kept = given.filter(([key]) => !made.has(OF_LAYER.exec(key)?.[1] ?? ''));
  const schemes = kept.flatMap(([key]) =>
    key.startsWith('shape.') ? [[key.replace('shape', 'quantizer'), scheme] as const] : [],
  );
  return [...schemes, ...kept];
}

/**
 * The bytes, in order, of a safetensors file with quantized layers as the method's library has
 * them, and all else of `file` as it was, without activations; its metadata are those of the file
 * and of {@link tellOf}. Throws QuantizerError where a part has the name of another tensor.
 */
export function quantizedFile(
  layers: readonly StoredLayer[],
  given: QuantizedOf,
): readonly Uint8Array[] {
  const { file, scheme } = given;
  const made = new Map<string, StoredTensor>();
  for (const { layer, parts, shape } of layers) {
    const { stored, filed = (all) => filedParts(stored, all) } = schemeOf(scheme, shape);
    for (const [name, tensor] of filed(parts, shape)) made.set(`${layer}.${name}`, tensor);
  }
  const rest = untouchedOf(layers, given);
  requireFree(made, rest, scheme);
  return storedParts([...rest, ...made], {
    ...Object.fromEntries(metadataBefore(layers, file)),
    ...Object.fromEntries(tellOf(layers, scheme)),
  });
}
