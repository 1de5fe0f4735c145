import { GGUF_TYPES, type GgufType } from '../../quant/gguf/types.ts';
import { type HostTensor, hostTensor, hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { formatShape, type Shape, sameShape } from '../../tensor/shape.ts';
import { quote } from '../format-error.ts';
import type { StoredShape } from '../safetensors/layout.ts';
import { type StoredDType, type StoredTensor, toHostTensor } from '../safetensors/stored.ts';
import type { ModelConfig } from './config.ts';
import type { MlxCodes } from './mlx-codes.ts';

/** How a weight is coded: by the names of the quantizer's methods, or in blocks of GGUF. */
export type CodedScheme =
  | {
      readonly method: string;
      readonly bits: number;
      readonly groupSize?: number;
      /** Whether scales are codes of 8 bits in turn, as bitsandbytes has them. */
      readonly quantScale?: boolean;
      /** Of LLM.int8, where the folder says it: from which size on elements of x stay in floats. */
      readonly threshold?: number;
    }
  | { readonly blocks: GgufType };

/** How the weights that a folder has in codes are coded, by their names. */
export type StoredCodes = ReadonlyMap<string, CodedScheme>;

/** A weight that a folder has in codes, by the parts of its method. */
export interface CodedWeight {
  readonly scheme: CodedScheme;
  readonly shape: Shape;
  readonly parts: Readonly<Record<string, HostTensor>>;
}

/** A part of a weight as it is stored. */
interface StoredPart {
  readonly name: string;
  readonly dtypes: readonly StoredDType[];
  readonly shape: (weight: readonly [rows: number, width: number]) => Shape;
}

/** Where a weight in codes lies. */
export interface CodedPlace {
  readonly scheme: CodedScheme;
  readonly parts: Readonly<Record<string, StoredPart>>;
  /** Says in which order LLM.int8 has its codes: 0 is that of rows. */
  readonly order?: string;
}

const FLOATS: readonly StoredDType[] = ['F32', 'F16', 'BF16'];
const SCB = '.SCB';
const SCALES = '.scales';

/**
 * The weights among these names that are in 8 bits of bitsandbytes, in blocks of GGUF, or quantized
 * by MLX. Their tables are in the same codes there.
 */
export function codedPlaces(
  names: readonly string[],
  {
    quantization,
    mlx,
    blocks,
    int8Threshold: threshold,
  }: Pick<ModelConfig, 'quantization' | 'mlx' | 'blocks' | 'int8Threshold'>,
): ReadonlyMap<string, CodedPlace> {
  const layers = (end: string) =>
    names.filter((name) => name.endsWith(end)).map((name) => name.slice(0, -end.length));
  if (mlx)
    return new Map(
      layers(SCALES).map((layer) => [
        `${layer}.weight`,
        mlxPlace(layer, mlx.layers[layer] ?? mlx.usual),
      ]),
    );
  if (blocks)
    return new Map(Object.entries(blocks).map(([name, type]) => [name, blocksPlace(name, type)]));
  if (quantization !== 'bitsandbytes') return new Map();
  return new Map(
    layers(SCB).map((layer) => {
      const order = `${layer}.weight_format`;
      const own = { threshold, order: names.includes(order) ? order : undefined };
      return [`${layer}.weight`, int8Place(layer, own)];
    }),
  );
}

const int8Place = (
  layer: string,
  {
    threshold,
    order,
  }: { readonly threshold: number | undefined; readonly order: string | undefined },
): CodedPlace => ({
  scheme: { method: 'llm_int8', bits: 8, ...(threshold === undefined ? {} : { threshold }) },
  parts: {
    q: { name: `${layer}.weight`, dtypes: ['I8'], shape: (shape) => shape },
    row_stats: { name: layer + SCB, dtypes: ['F32'], shape: ([rows]) => [rows] },
  },
  ...(order === undefined ? {} : { order }),
});

function blocksPlace(name: string, blocks: GgufType): CodedPlace {
  const { elements, bytes } = GGUF_TYPES[blocks];
  return {
    scheme: { blocks },
    parts: {
      packed: {
        ...{ name, dtypes: ['U8'] },
        shape: ([rows, width]) => [rows, (width / elements) * bytes],
      },
    },
  };
}

function mlxPlace(layer: string, { mode, bits, groupSize }: MlxCodes): CodedPlace {
  const isAffine = mode === 'affine';
  const line = ([rows, width]: readonly [number, number]) => [rows, width / groupSize];
  return {
    scheme: { method: isAffine ? 'mlx' : mode, bits, groupSize },
    parts: {
      packed: {
        name: `${layer}.weight`,
        dtypes: ['U32'],
        shape: ([rows, width]) => [rows, (width * bits) / 32],
      },
      scales: { name: layer + SCALES, dtypes: isAffine ? FLOATS : ['U8'], shape: line },
      ...(isAffine ? { biases: { name: `${layer}.biases`, dtypes: FLOATS, shape: line } } : {}),
    },
  };
}

/** What of a weight in codes is wrong or missing, a line each. */
export function codedFaults(
  place: CodedPlace,
  wanted: Shape,
  storedOf: (name: string) => StoredShape | undefined,
): readonly string[] {
  if (wanted.length !== 2)
    return Object.values(place.parts).map(
      ({ name }) => `${quote(name)} belongs to codes, and linears and tables alone are read so`,
    );
  return Object.values(place.parts).flatMap(({ name, dtypes, shape }) => {
    const stored = storedOf(name);
    const needed = shape(wanted as [number, number]);
    if (!stored) return [`${quote(name)} is missing`];
    if (!dtypes.includes(stored.dtype))
      return [`${quote(name)} is ${stored.dtype} and should be ${dtypes.join(' or ')}`];
    return sameShape(stored.shape, needed)
      ? []
      : [
          `${quote(name)} is ${formatShape(stored.shape)} and should be ${formatShape(needed)} by the configuration`,
        ];
  });
}

/** A part as the quantizer has it: floats in float32, words as i32. */
export function codedPart(stored: StoredTensor): HostTensor {
  const host = toHostTensor(stored);
  if (host.dtype === 'u32')
    return hostTensor('i32', host.shape, new Int32Array(host.data.buffer as ArrayBuffer));
  const isHalf = host.dtype === 'f16' || host.dtype === 'bf16';
  return isHalf ? hostTensorFrom('f32', host.shape, valuesOf(host)) : host;
}
