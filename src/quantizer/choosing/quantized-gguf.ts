import { QUANTIZATION_VERSION } from '../../formats/gguf/model-fields.ts';
import {
  type GgufField,
  type GgufShape,
  ggufHeader,
  paddingAfter,
  requireName,
} from '../../formats/gguf/write-header.ts';
import type { StoredDType, StoredTensor } from '../../formats/safetensors/stored.ts';
import { toStored } from '../../formats/safetensors/write.ts';
import type { HostTensor } from '../../tensor/host.ts';
import { matrixView } from '../../tensor/shape.ts';
import { QuantizerError } from '../quantizer-error.ts';
import { methods } from '../registry.ts';
import { type QuantizedOf, tellOf, untouchedOf } from './quantized-file.ts';
import type { StoredLayer } from './stored.ts';

/** Whether a `.gguf` file has a type for what the method makes. */
export const isOfGguf = (method: string): boolean => methods.get(method)?.library === 'gguf';

/** ggml's types of numbers, by those of safetensors. */
const GGML_TYPES: Partial<Record<StoredDType, string>> = {
  F32: 'f32',
  F16: 'f16',
  BF16: 'bf16',
  I8: 'i8',
  I16: 'i16',
  I32: 'i32',
  I64: 'i64',
  F64: 'f64',
};

/** GGML_MAX_DIMS. */
const MAX_DIMENSIONS = 4;

interface GgufTensor extends GgufShape {
  readonly bytes: Uint8Array;
}

/**
 * Throws QuantizerError or FormatError where a `.gguf` file cannot hold what is to be quantized beside
 * what stays of the file.
 */
export function requireOfGguf(given: QuantizedOf): void {
  for (const { layer } of given.weights) requireName(`${layer}.weight`);
  for (const [name, tensor] of untouchedOf(given.weights, given)) {
    requireName(name);
    keptTensor(name, tensor);
  }
}

/** A tensor of the file that stays as it is. */
function keptTensor(name: string, { dtype, shape, bytes }: StoredTensor): GgufTensor {
  const type = GGML_TYPES[dtype];
  if (!type || shape.length > MAX_DIMENSIONS)
    throw new QuantizerError(
      'quant-unsupported',
      `${name}: a .gguf file has no ${type ? `tensors of ${shape.length} dimensions` : `type for ${dtype}`}: save as .safetensors`,
    );
  return { type, shape: shape.length > 0 ? shape : [1], bytes };
}

/**
 * The bytes, in order, of a `.gguf` file with quantized layers as matrices of blocks, and all else
 * of `file` as it was, without activations. Below `gradproof.` its metadata tell what those of
 * `quantizedFile` do. Throws QuantizerError for a method that makes no blocks of ggml, and for a
 * tensor of a type, or of more dimensions, than ggml has.
 */
export function quantizedGguf(
  layers: readonly StoredLayer[],
  given: QuantizedOf,
): readonly Uint8Array[] {
  const { method } = given.scheme;
  if (!isOfGguf(method))
    throw new QuantizerError('quant-unsupported', `a .gguf file has no type for ${method}`);
  const tensors = new Map<string, GgufTensor>();
  for (const [name, tensor] of untouchedOf(layers, given))
    tensors.set(name, keptTensor(name, tensor));
  for (const { layer, shape, parts } of layers) {
    const { bytes } = toStored(parts.packed as HostTensor);
    tensors.set(`${layer}.weight`, { type: method, shape: matrixView(shape), bytes });
  }
  const fields = new Map<string, GgufField>([
    // A file must name one, and weights alone have none that llama.cpp runs.
    ['general.architecture', { type: 'text', value: 'weights' }],
    ['general.quantization_version', { type: 'u32', value: QUANTIZATION_VERSION }],
    ...tellOf(layers, given.scheme).map(
      ([key, value]) => [`gradproof.${key}`, { type: 'text', value }] as const,
    ),
  ]);
  return [
    ggufHeader(fields, tensors),
    ...[...tensors.values()].flatMap(({ bytes }) => [
      bytes,
      new Uint8Array(paddingAfter(bytes.byteLength)),
    ]),
  ];
}
