import type { GGUF_QUANTIZERS } from '../../quant/gguf/types.ts';
import { f16FromF32 } from '../../tensor/half.ts';
import { EPS, FLUSH, maxAbs, SECOND_ORDER } from '../bounds.ts';
import type { Range } from './ranges.ts';

/** The code that IEEE arithmetic gives an element, and those that some legal one may give. */
interface Codes {
  readonly ieee: readonly number[];
  readonly legal: readonly number[];
}

/** How a type codes the numbers of a block. */
export interface Quantizer {
  /** What codes count, in float32; the block has it as a half. */
  readonly d: (block: Float64Array) => number;
  /**
   * Codes of x by 1 / d, IEEE's own first. Kernels have 1 / d exact to half an ulp on every adapter,
   * as float32 has it; its product with x rounds.
   */
  readonly codes: (x: number, inverse: number) => Codes;
  /** The code of any element where d is 0. */
  readonly zero: number;
  /** Lowest and highest code. */
  readonly ends: readonly [number, number];
  /** The bytes of a block's codes. */
  readonly bytes: (codes: ArrayLike<number>) => readonly number[];
  /** The elements whose codes a byte of them has, each with its code. */
  readonly codesIn: (
    byte: number,
    k: number,
  ) => readonly (readonly [element: number, code: number])[];
}

/** Half away from zero: np_roundf of gguf/quants.py, exact. */
function roundf(y: number): number {
  const size = Math.abs(y);
  const whole = Math.floor(size);
  return Math.sign(y) * (whole + Math.floor(2 * (size - whole))) || 0;
}

/** What arithmetic may give for x times `inverse`; on any adapter a denormal may be taken for zero. */
function productOf(x: number, inverse: number): Range {
  const y = x * inverse;
  const off = EPS * Math.abs(y) + FLUSH;
  const isTiny = Math.abs(x) < FLUSH;
  return {
    low: isTiny ? Math.min(0, y - off) : y - off,
    high: isTiny ? Math.max(0, y + off) : y + off,
  };
}

/** Whole numbers from `low` to `high`. */
const between = (low: number, high: number) =>
  Array.from({ length: high - low + 1 }, (_, i) => low + i);

const q8: Quantizer = {
  d: (block) => Math.fround(maxAbs(block) / 127),
  codes: (x, inverse) => {
    const { low, high } = productOf(x, inverse);
    return { ieee: [roundf(Math.fround(x * inverse))], legal: between(roundf(low), roundf(high)) };
  },
  zero: 0,
  ends: [-128, 127],
  bytes: (codes) => Array.from(codes, (code) => code & 255),
  codesIn: (byte, k) => [[k, byte < 128 ? byte : byte - 256]],
};

const clipped = (level: number) => Math.min(Math.max(Math.trunc(level), 0), 15);

const q4: Quantizer = {
  d: (block) => {
    const largest = maxAbs(block);
    return Math.fround((block.find((x) => Math.abs(x) === largest) as number) / -8);
  },
  codes: (x, inverse) => {
    const y = x * inverse;
    const { low, high } = productOf(x, inverse);
    const off = EPS * Math.abs(y + 8.5) * SECOND_ORDER + FLUSH;
    const own = clipped(Math.fround(Math.fround(y) + 8.5));
    // A GPU may fuse the product and the sum.
    return {
      ieee: [own, clipped(Math.fround(y + 8.5))],
      legal: between(clipped(low + 8.5 - off), clipped(high + 8.5 + off)),
    };
  },
  zero: 8,
  ends: [0, 15],
  bytes: (codes) =>
    Array.from({ length: 16 }, (_, k) => (codes[k] as number) + 16 * (codes[16 + k] as number)),
  codesIn: (byte, k) => [
    [k, byte & 15],
    [16 + k, byte >> 4],
  ],
};

/** quantize_blocks of the classes Q4_0 and Q8_0 of gguf/quants.py. */
export const QUANTIZERS = { q4_0: q4, q8_0: q8 } as const satisfies Readonly<
  Record<(typeof GGUF_QUANTIZERS)[number], Quantizer>
>;

/** A block as it is right. */
export interface CodedBlock {
  /** Bits of the half. */
  readonly d: number;
  /** Right codes of each element; the first is that of the library. */
  readonly codes: readonly (readonly number[])[];
}

/**
 * The codes of a block that are right by IEEE arithmetic or by any. Where float32 has no normal
 * number for d the half is 0, and any code stands for 0; of a block of zeros the library's is given.
 */
export function codedBlock(block: Float64Array, quantizer: Quantizer, ieee: boolean): CodedBlock {
  const { ends, zero } = quantizer;
  const d = quantizer.d(block);
  const half = f16FromF32(d);
  if (d === 0) return { d: half, codes: Array.from(block, () => [zero]) };
  if (Math.abs(d) < FLUSH) {
    const any = [zero, ...between(...ends)];
    return { d: half, codes: Array.from(block, () => any) };
  }
  const inverse = Math.fround(1 / d);
  return {
    d: half,
    codes: Array.from(block, (x) => {
      const { ieee: own, legal } = quantizer.codes(x, inverse);
      // On any adapter a denormal may be taken for zero.
      const isNormal = x === 0 || Math.abs(x) >= FLUSH;
      return ieee && isNormal ? own : [...own.slice(0, 1), ...legal];
    }),
  };
}
