import { GGUF_TYPES, type GgufType } from '../../quant/gguf/types.ts';
import { f32FromF16 } from '../../tensor/half.ts';
import type { Value } from '../record.ts';

/** Byte `k` of a block. */
type Bytes = (k: number) => number;

/** What element `e` of a block stands for: a product that float32 holds, less another. */
export interface Element {
  readonly product: number;
  readonly minimum: number;
}

const half = (byte: Bytes, k: number) => f32FromF16(byte(k) + 256 * byte(k + 1));
const nibble = (byte: number, isHigh: boolean) => (isHigh ? byte >> 4 : byte & 15);
const signed = (byte: number) => (byte < 128 ? byte : byte - 256);
const bit = (byte: number, k: number) => (byte >> k) & 1;

/** The code of four bits in `run` bytes for the first `run` elements and as many after them. */
function nibbleOf(byte: Bytes, from: number, e: number, run: number): number {
  const at = from + Math.floor(e / (2 * run)) * run + (e % run);
  return nibble(byte(at), Math.floor(e / run) % 2 === 1);
}

const plain = (product: number): Element => ({ product, minimum: 0 });

/** Scale and minimum, of six bits each, of the j-th 32 elements: get_scale_min of gguf's Q4_K. */
function scaleAndMinimum(byte: Bytes, j: number): { readonly scale: number; readonly min: number } {
  if (j < 4) return { scale: byte(4 + j) & 63, min: byte(8 + j) & 63 };
  const both = byte(8 + j);
  return {
    scale: (both & 15) | ((byte(j) >> 2) & 48),
    min: (both >> 4) | ((byte(4 + j) >> 2) & 48),
  };
}

function onLine(byte: Bytes, e: number, code: number): Element {
  const { scale, min } = scaleAndMinimum(byte, Math.floor(e / 32));
  return { product: half(byte, 0) * scale * code, minimum: half(byte, 2) * min };
}

/** dequantize_blocks of each class in gguf/quants.py. */
const ELEMENT: Readonly<Record<GgufType, (byte: Bytes, e: number) => Element>> = {
  q4_0: (byte, e) => plain(half(byte, 0) * (nibbleOf(byte, 2, e, 16) - 8)),
  q5_0: (byte, e) => {
    const high = bit(byte(2 + Math.floor(e / 8)), e % 8);
    return plain(half(byte, 0) * (nibbleOf(byte, 6, e, 16) + 16 * high - 16));
  },
  q8_0: (byte, e) => plain(half(byte, 0) * signed(byte(2 + e))),
  q4_k: (byte, e) => onLine(byte, e, nibbleOf(byte, 16, e, 32)),
  q5_k: (byte, e) => {
    const high = bit(byte(16 + (e % 32)), Math.floor(e / 32));
    return onLine(byte, e, nibbleOf(byte, 48, e, 32) + 16 * high);
  },
  q6_k: (byte, e) => {
    const bits = byte(128 + Math.floor(e / 128) * 32 + (e % 32));
    const high = (bits >> (2 * (Math.floor(e / 32) % 4))) & 3;
    const scale = signed(byte(192 + Math.floor(e / 16)));
    return plain(half(byte, 208) * scale * (nibbleOf(byte, 0, e, 64) + 16 * high - 32));
  },
};

/** Every element of rows of blocks, with what `of` makes of it, in float64. */
export function decodedBlocks(
  packed: Value,
  type: GgufType,
  of: (element: Element) => number = ({ product, minimum }) => product - minimum,
): Value {
  const { elements, bytes } = GGUF_TYPES[type];
  const blocks = packed.data.length / bytes;
  const row = packed.shape.at(-1) as number;
  const element = ELEMENT[type];
  return {
    shape: [...packed.shape.slice(0, -1), (row / bytes) * elements],
    data: Float64Array.from({ length: blocks * elements }, (_, i) => {
      const first = Math.floor(i / elements) * bytes;
      return of(element((k) => packed.data[first + k] as number, i % elements));
    }),
  };
}

/** Whether elements are differences, which float32 rounds. */
export const hasMinimum = (type: GgufType): boolean => type === 'q4_k' || type === 'q5_k';
