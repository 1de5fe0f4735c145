import { FormatError } from '../../../formats/format-error.ts';
import type { TrainLlamaParams } from '../../../formats/parity-bundle/train-llama.ts';
import { format as dynamic } from '../../../quant/dynamic/format.ts';
import { restored } from '../../../quant/dynamic/nested.ts';
import { unpackSlices } from '../../../quant/packing/row-slices.ts';
import { blockFormatOf } from '../../../quant/registry.ts';
import type { QuantizedWeight } from '../../../quant/weight.ts';
import type { LlamaRun } from '../../../reference/llama/run.ts';
import type { Value } from '../../../reference/record.ts';
import { type Shape, sizeOf } from '../../../tensor/shape.ts';
import { HQQ_WORDS } from '../../../vocabulary/quant/hqq_quantize.ts';
import { type BundleValues, inFloat32 } from './bundle-values.ts';
import { codableOf } from './weights.ts';

type Quant = TrainLlamaParams['quant'];

/** Scales of 4-bit codes that share one of theirs, where they are kept in 8 bits. */
const NESTED_BLOCKSIZE = 256;

/** A weight as HQQ keeps it. */
export interface CodedByHqq {
  /** [out, in]. */
  readonly shape: Shape;
  readonly nbits: 8 | 4 | 3 | 2 | 1;
  readonly group_size: number;
  readonly axis: 0 | 1;
  /** By the names of the quantizer's parts. */
  readonly parts: Readonly<Record<'packed' | 'scale' | 'zero', Value>>;
}

/** The part that holds codes of bitsandbytes, or of HQQ. */
const CODES = /^q\.(.+)\.(?:packed|W_q)$/;

/** The modules whose weights are there as codes. */
export const modulesInCodes = (tensors: BundleValues): ReadonlySet<string> =>
  new Set(tensors.names.flatMap((name) => CODES.exec(name)?.[1] ?? []));

/**
 * The weights that a run has in codes, with an adapter or without: transformers quantizes every
 * linear. Those of HQQ are decoded among the `weights`. Throws FormatError for codes of what is no
 * linear, and for those that do not fit.
 */
export function weightsInCodes(
  { config, quant }: Pick<TrainLlamaParams, 'config' | 'quant'>,
  tensors: BundleValues,
): { readonly weights: LlamaRun['frozen']; readonly coded: ReadonlyMap<string, CodedByHqq> } {
  const linears = codableOf(config);
  const other = [...modulesInCodes(tensors)].find((name) => !linears.has(name));
  if (other !== undefined)
    throw new FormatError(
      `train_llama: ${other} is quantized, and is neither a linear of a block nor an untied head`,
    );
  const weights: Record<string, LlamaRun['frozen'][string]> = {};
  const coded = new Map<string, CodedByHqq>();
  for (const [name, shape] of linears) {
    const weight = `${name}.weight`;
    const four = inFourBits(name, shape, quant, tensors);
    const hqq = codedByHqq(name, shape, quant, tensors);
    if (four) weights[weight] = four;
    if (!hqq) continue;
    coded.set(weight, hqq);
    weights[weight] = decodedByHqq(hqq);
  }
  return { weights, coded };
}

/**
 * The weight of a linear in 4 bits by bitsandbytes; undefined where it is not there as such. Throws
 * FormatError when the run does not say in which, or a part is missing.
 */
export function inFourBits(
  name: string,
  shape: Shape,
  quant: Quant,
  tensors: BundleValues,
): QuantizedWeight<Value> | undefined {
  if (!tensors.has(`q.${name}.packed`)) return undefined;
  const { quant_type, blocksize } = quant ?? {};
  if (!quant_type || !blocksize)
    throw new FormatError(
      `train_llama: ${name} is in 4 bits, and quant with quant_type and blocksize is not given`,
    );
  const parts = { packed: tensors.value(`q.${name}.packed`), absmax: scalesOf(name, tensors) };
  return { format: blockFormatOf(quant_type), blocksize, shape, parts };
}

/** The scales of 4-bit codes, restored where they are there in 8 bits alone. */
function scalesOf(name: string, tensors: BundleValues): Value {
  const part = (of: string) => tensors.value(`q.${name}.${of}`);
  if (!tensors.has(`q.${name}.absmax_q`) || tensors.has(`q.${name}.absmax`)) return part('absmax');
  const q = part('absmax_q');
  const [offset = 0] = part('nested_offset').data;
  const shape = [q.data.length];
  const absmax = part('nested_absmax');
  const scales = { format: dynamic, blocksize: NESTED_BLOCKSIZE, shape, parts: { q, absmax } };
  return { shape, data: Float64Array.from(restored({ scales, offset })) };
}

/**
 * The weight of a linear as HQQ keeps it, by the names of HQQLinear's state; undefined where it is
 * not there as such. What `quant` does not say is as that state has it, or HQQ's default. Throws
 * FormatError for a part that is missing or does not fit.
 */
export function codedByHqq(
  name: string,
  shape: Shape,
  quant: Quant,
  tensors: BundleValues,
): CodedByHqq | undefined {
  const at = `q.${name}.W_q`;
  if (!tensors.has(at)) return undefined;
  const said = (key: 'nbits' | 'group_size' | 'axis', usual: number): number => {
    const stored = `q.${name}.${key}`;
    return quant?.[key] ?? (tensors.has(stored) ? tensors.value(stored).data[0] : usual) ?? usual;
  };
  const nbits = said('nbits', 4);
  const group_size = said('group_size', 64);
  const axis = said('axis', 0);
  const elements = sizeOf(shape);
  const groups = elements / group_size;
  const words = HQQ_WORDS[nbits as keyof typeof HQQ_WORDS];
  if (!words || !Number.isInteger(groups) || (axis !== 0 && axis !== 1))
    throw new FormatError(
      `train_llama: ${name} has ${elements} weights, which HQQ does not keep in ${nbits} bits and groups of ${group_size} along axis ${axis}`,
    );
  const [rows, columns] = axis === 1 ? [groups, group_size] : [group_size, groups];
  const line = axis === 1 ? [groups, 1] : [1, groups];
  return {
    ...{ shape, nbits: nbits as CodedByHqq['nbits'], group_size, axis },
    parts: {
      packed: tensors.integers(at, [Math.ceil((rows as number) / words.rows), columns as number]),
      scale: tensors.value(`q.${name}.scale`, line),
      zero: tensors.value(`q.${name}.zero`, line),
    },
  };
}

/** (code - zero) scale, as hqq's Quantizer.dequantize, in float32. */
export function decodedByHqq({ shape, nbits, group_size, axis, parts }: CodedByHqq): Value {
  const elements = sizeOf(shape);
  const groups = elements / group_size;
  const { packed, scale, zero } = parts;
  const codes = unpackSlices(Float64Array.from(packed.data), elements, HQQ_WORDS[nbits]);
  const data = codes.map((code, i) => {
    const group = axis === 1 ? Math.floor(i / group_size) : i % groups;
    return Math.fround(code - (zero.data[group] as number)) * (scale.data[group] as number);
  });
  return inFloat32({ shape, data });
}
