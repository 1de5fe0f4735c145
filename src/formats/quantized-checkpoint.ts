import { InvariantError } from '../errors.ts';
import { FOUR_BIT_BLOCKS } from '../quant/bitsandbytes.ts';
import { format as dynamic } from '../quant/dynamic/format.ts';
import { type NestedStatistics, restored } from '../quant/dynamic/nested.ts';
import { blockFormatOf, FOUR_BIT_NAMES } from '../quant/registry.ts';
import type { QuantizedWeight } from '../quant/weight.ts';
import { type HostTensor, hostTensor } from '../tensor/host.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import { FormatError, quote } from './format-error.ts';
import { float64Of, type StoredTensor } from './safetensors/stored.ts';
import { parseJsonObject } from './strict-json.ts';

/**
 * A weight of a pre-quantized bitsandbytes checkpoint. Its parts are `packed` and `absmax`; where
 * the scales are compressed, `packed` alone beside `nested`.
 */
export interface CheckpointWeight extends QuantizedWeight<HostTensor> {
  readonly blocksize: number;
  readonly nested?: NestedStatistics<HostTensor>;
  /** torch's name of the type that the weight had: float32, float16, bfloat16. */
  readonly dtype: string;
}

const STATE = '.quant_state.bitsandbytes__';

/** The tensors of each 4-bit weight among these names: the weight itself and what belongs to it. */
export function quantizedNames(names: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const states = names.filter((name) => name.includes(STATE));
  return new Map(
    states.map((state) => {
      const weight = state.slice(0, state.indexOf(STATE));
      return [weight, names.filter((name) => name === weight || name.startsWith(`${weight}.`))];
    }),
  );
}

/** What the names and shapes of a 4-bit weight's tensors say of its codes. */
export interface FourBitScheme {
  readonly method: string;
  readonly bits: 4;
  readonly groupSize?: number;
  readonly quantScale?: true;
}

/**
 * How a weight of so many elements is in 4 bits by the shapes of its tensors; without groups where its
 * scales fit none. Blocks of different sizes that have as many scales take the same bytes.
 */
export function fourBitScheme(
  weight: string,
  elements: number,
  shapes: ReadonlyMap<string, Shape>,
): FourBitScheme {
  const state = [...shapes.keys()].find((name) => name.startsWith(weight + STATE)) ?? '';
  const scales = sizeOf(shapes.get(`${weight}.absmax`) ?? []);
  const nested = shapes.get(`${weight}.nested_absmax`);
  const groupSize = [FOUR_BIT_BLOCKS.usual, ...FOUR_BIT_BLOCKS.sizes].find(
    (size) => Math.ceil(elements / size) === scales,
  );
  return {
    ...{ method: state.slice(weight.length + STATE.length), bits: 4 },
    ...(groupSize === undefined ? {} : { groupSize }),
    ...(nested ? { quantScale: true } : {}),
  };
}

/**
 * The 4-bit weights of a checkpoint by name. `<weight>` holds the codes, `<weight>.absmax` and
 * `<weight>.quant_map` scales and table, `<weight>.nested_absmax` and `<weight>.nested_quant_map`
 * those of compressed scales, `<weight>.quant_state.bitsandbytes__nf4` the rest as JSON in bytes.
 * Throws FormatError for a state that lacks a part or does not fit.
 */
export function readQuantized(
  tensors: ReadonlyMap<string, StoredTensor>,
): ReadonlyMap<string, CheckpointWeight> {
  const states = [...tensors.keys()].filter((name) => name.includes(STATE));
  return new Map(states.map((name) => [name.slice(0, name.indexOf(STATE)), read(name, tensors)]));
}

function read(stateName: string, tensors: ReadonlyMap<string, StoredTensor>): CheckpointWeight {
  const name = stateName.slice(0, stateName.indexOf(STATE));
  const quantType = stateName.slice(name.length + STATE.length);
  if (!FOUR_BIT_NAMES.includes(quantType))
    throw new FormatError(`${quote(name)}: the quantization ${quote(quantType)} is not known`);
  const part = (suffix: string): StoredTensor => {
    const found = tensors.get(name + suffix);
    if (!found)
      throw new FormatError(`${quote(name)} is quantized and lacks ${quote(name + suffix)}`);
    return found;
  };
  const state = parseJsonObject(
    new TextDecoder().decode(part(`${STATE}${quantType}`).bytes),
    `the state of ${name}`,
  );
  const integer = (key: string): number => {
    const value = state[key];
    if (!Number.isSafeInteger(value) || (value as number) < 1)
      throw new FormatError(`${quote(name)}: ${key} is no positive integer`);
    return value as number;
  };
  const shape = state['shape'];
  if (!Array.isArray(shape) || !shape.every((n) => Number.isSafeInteger(n) && n >= 1))
    throw new FormatError(`${quote(name)} has no shape`);
  requireTable(name, 'quant_map', part('.quant_map'), blockFormatOf(quantType).values);
  const blocksize = integer('blocksize');
  const packed = part('').bytes;
  const absmax = part('.absmax');
  const elements = sizeOf(shape as number[]);
  const bytes = Math.ceil(elements / 2);
  const blocks = Math.ceil(elements / blocksize);
  if (packed.length !== bytes || sizeOf(absmax.shape) !== blocks) {
    throw new FormatError(
      `${quote(name)} has ${packed.length} bytes and ${sizeOf(absmax.shape)} scales; its shape needs ${bytes} and ${blocks}`,
    );
  }
  const weight = {
    format: blockFormatOf(quantType),
    blocksize,
    shape: shape as number[],
    dtype: String(state['dtype'] ?? 'float32'),
  };
  const codes = hostTensor('u8', [bytes, 1], packed);
  if (typeof state['nested_offset'] !== 'number')
    return { parts: { packed: codes, absmax: floats(absmax) }, ...weight };
  requireTable(name, 'nested_quant_map', part('.nested_quant_map'), dynamic.values);
  const nested = { absmax: floats(part('.nested_absmax')), blocksize: integer('nested_blocksize') };
  if (absmax.dtype !== 'U8' || nested.absmax.data.length !== Math.ceil(blocks / nested.blocksize)) {
    throw new FormatError(`${quote(name)}: its compressed scales do not fit`);
  }
  const scales = {
    format: dynamic,
    blocksize: nested.blocksize,
    shape: [blocks],
    parts: { q: hostTensor('u8', [blocks], absmax.bytes), absmax: nested.absmax },
  };
  return {
    parts: { packed: codes },
    nested: { scales, offset: state['nested_offset'] },
    ...weight,
  };
}

function requireTable(
  name: string,
  what: string,
  stored: StoredTensor,
  table: ArrayLike<number>,
): void {
  const values = float64Of(stored);
  if (
    values.length !== table.length ||
    values.some((x, i) => x !== Math.fround(table[i] as number))
  ) {
    throw new FormatError(`${quote(name)}: ${what} is not the table that bitsandbytes has`);
  }
}

function floats(stored: StoredTensor): HostTensor {
  const data = Float32Array.from(float64Of(stored));
  return hostTensor('f32', [data.length], data);
}

/** The tensors of a checkpoint that bitsandbytes and transformers load as quantized. */
export function quantizedTensors(
  weights: ReadonlyMap<string, CheckpointWeight>,
): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { format, blocksize, shape, dtype, parts, nested }] of weights) {
    const state = {
      ...{ quant_type: format.name, blocksize, dtype, shape },
      ...(nested && {
        nested_blocksize: nested.scales.blocksize,
        nested_dtype: 'float32',
        nested_offset: Math.fround(nested.offset),
      }),
    };
    tensors.set(name, storedPart(parts, 'packed'));
    tensors.set(`${name}.quant_map`, stored(format.values));
    if (nested) {
      const { scales } = nested;
      tensors.set(`${name}.absmax`, storedPart(scales.parts, 'q'));
      tensors.set(`${name}.nested_absmax`, storedPart(scales.parts, 'absmax'));
      tensors.set(`${name}.nested_quant_map`, stored(scales.format.values));
    } else {
      tensors.set(`${name}.absmax`, storedPart(parts, 'absmax'));
    }
    const bytes = new TextEncoder().encode(JSON.stringify(state));
    tensors.set(`${name}${STATE}${format.name}`, { dtype: 'U8', shape: [bytes.length], bytes });
  }
  return tensors;
}

/** A part of a weight as it is stored: codes as bytes, all else as float32. */
function storedPart(parts: CheckpointWeight['parts'], name: string): StoredTensor {
  const part = parts[name];
  if (!part) throw new InvariantError(`a quantized weight lacks ${name}`);
  const { dtype, shape, data } = part;
  return dtype === 'u8' ? { dtype: 'U8', shape, bytes: Uint8Array.from(data) } : stored(data);
}

function stored(values: ArrayLike<number>): StoredTensor {
  return {
    dtype: 'F32',
    shape: [values.length],
    bytes: new Uint8Array(Float32Array.from(values).buffer),
  };
}

/** The weight with its scales in float32, restored where they are compressed. */
export function withScales(weight: CheckpointWeight): QuantizedWeight<HostTensor> {
  const { nested, parts } = weight;
  if (!nested) return weight;
  const absmax = restored(nested);
  return { ...weight, parts: { absmax: hostTensor('f32', [absmax.length], absmax), ...parts } };
}
