import { dynamicMap } from '../quant/dynamic-map.ts';
import { FOUR_BIT_CODES, type FourBitType } from '../quant/four-bit-tables.ts';
import type { Shape } from '../tensor/shape.ts';
import { sizeOf } from '../tensor/shape.ts';
import { FormatError, quote } from './format-error.ts';
import { float64Of, type StoredTensor } from './safetensors/stored.ts';
import { parseJsonObject } from './strict-json.ts';

/** Statistics that bitsandbytes keeps in 8 bits: codes of the signed dynamic map, their scales, and the mean that was taken off. */
export interface CompressedScales {
  readonly codes: Uint8Array;
  readonly absmax: Float32Array;
  readonly offset: number;
  readonly blocksize: number;
}

/** A weight of a pre-quantized bitsandbytes checkpoint. */
export interface QuantizedWeight {
  /** Codes two a byte, the first in the high bits. */
  readonly packed: Uint8Array;
  /** The scale of each block of the flat weight. */
  readonly scales: Float32Array | CompressedScales;
  readonly shape: Shape;
  readonly quantType: FourBitType;
  readonly blocksize: number;
  /** torch's name of the type that the weight had: float32, float16, bfloat16. */
  readonly dtype: string;
}

const STATE = '.quant_state.bitsandbytes__';

/**
 * The 4-bit weights of a checkpoint by name. `<weight>` holds the codes, `<weight>.absmax` and `<weight>.quant_map` scales and table,
 * `<weight>.nested_absmax` and `<weight>.nested_quant_map` those of compressed scales, `<weight>.quant_state.bitsandbytes__nf4` the rest
 * as JSON in bytes. Throws FormatError for a state that lacks a part or does not fit.
 */
export function readQuantized(tensors: ReadonlyMap<string, StoredTensor>): ReadonlyMap<string, QuantizedWeight> {
  const states = [...tensors.keys()].filter((name) => name.includes(STATE));
  return new Map(states.map((name) => [name.slice(0, name.indexOf(STATE)), read(name, tensors)]));
}

function read(stateName: string, tensors: ReadonlyMap<string, StoredTensor>): QuantizedWeight {
  const name = stateName.slice(0, stateName.indexOf(STATE));
  const quantType = stateName.slice(name.length + STATE.length);
  if (quantType !== 'nf4' && quantType !== 'fp4')
    throw new FormatError(`${quote(name)}: the quantization ${quote(quantType)} is not known`);
  const part = (suffix: string): StoredTensor => {
    const found = tensors.get(name + suffix);
    if (!found) throw new FormatError(`${quote(name)} is quantized and lacks ${quote(name + suffix)}`);
    return found;
  };
  const state = parseJsonObject(new TextDecoder().decode(part(`${STATE}${quantType}`).bytes), `the state of ${name}`);
  const integer = (key: string): number => {
    const value = state[key];
    if (!Number.isSafeInteger(value) || (value as number) < 1) throw new FormatError(`${quote(name)}: ${key} is no positive integer`);
    return value as number;
  };
  const shape = state['shape'];
  if (!Array.isArray(shape) || !shape.every((n) => Number.isSafeInteger(n) && n >= 1)) throw new FormatError(`${quote(name)} has no shape`);
  demandTable(name, 'quant_map', part('.quant_map'), FOUR_BIT_CODES[quantType]);
  const blocksize = integer('blocksize');
  const packed = part('').bytes;
  const absmax = part('.absmax');
  const elements = sizeOf(shape as number[]);
  const [bytes, blocks] = [Math.ceil(elements / 2), Math.ceil(elements / blocksize)];
  if (packed.length !== bytes || sizeOf(absmax.shape) !== blocks) {
    throw new FormatError(
      `${quote(name)} has ${packed.length} bytes and ${sizeOf(absmax.shape)} scales; its shape needs ${bytes} and ${blocks}`,
    );
  }
  let scales: Float32Array | CompressedScales;
  if (typeof state['nested_offset'] === 'number') {
    demandTable(name, 'nested_quant_map', part('.nested_quant_map'), dynamicMap(true));
    const nested = { absmax: floats(part('.nested_absmax')), blocksize: integer('nested_blocksize') };
    if (absmax.dtype !== 'U8' || nested.absmax.length !== Math.ceil(blocks / nested.blocksize)) {
      throw new FormatError(`${quote(name)}: its compressed scales do not fit`);
    }
    scales = { codes: absmax.bytes, offset: state['nested_offset'], ...nested };
  } else {
    scales = floats(absmax);
  }
  return { packed, scales, shape: shape as number[], quantType, blocksize, dtype: String(state['dtype'] ?? 'float32') };
}

function demandTable(name: string, what: string, stored: StoredTensor, table: ArrayLike<number>): void {
  const values = float64Of(stored);
  if (values.length !== table.length || values.some((x, i) => x !== Math.fround(table[i] as number))) {
    throw new FormatError(`${quote(name)}: ${what} is not the table that bitsandbytes has`);
  }
}

const floats = (stored: StoredTensor): Float32Array => Float32Array.from(float64Of(stored));

/** The tensors of a checkpoint that bitsandbytes and transformers load as quantized. */
export function quantizedTensors(weights: ReadonlyMap<string, QuantizedWeight>): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { packed, scales, shape, quantType, blocksize, dtype }] of weights) {
    const state: Record<string, unknown> = { quant_type: quantType, blocksize, dtype, shape };
    tensors.set(name, { dtype: 'U8', shape: [packed.length, 1], bytes: packed });
    tensors.set(`${name}.quant_map`, stored(FOUR_BIT_CODES[quantType]));
    if (scales instanceof Float32Array) {
      tensors.set(`${name}.absmax`, stored(scales));
    } else {
      Object.assign(state, { nested_blocksize: scales.blocksize, nested_dtype: 'float32', nested_offset: Math.fround(scales.offset) });
      tensors.set(`${name}.absmax`, { dtype: 'U8', shape: [scales.codes.length], bytes: scales.codes });
      tensors.set(`${name}.nested_absmax`, stored(scales.absmax));
      tensors.set(`${name}.nested_quant_map`, stored(dynamicMap(true)));
    }
    const json = new TextEncoder().encode(JSON.stringify(state));
    tensors.set(`${name}${STATE}${quantType}`, { dtype: 'U8', shape: [json.length], bytes: json });
  }
  return tensors;
}

function stored(values: ArrayLike<number>): StoredTensor {
  return { dtype: 'F32', shape: [values.length], bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

/** The scale of each block in float32, restored where it is compressed. */
export function restoredScales({ scales }: QuantizedWeight): Float32Array {
  if (scales instanceof Float32Array) return scales;
  const map = dynamicMap(true);
  return Float32Array.from(scales.codes, (code, j) => {
    const scale = scales.absmax[Math.floor(j / scales.blocksize)] as number;
    return Math.fround(Math.fround((map[code] as number) * scale) + Math.fround(scales.offset));
  });
}
