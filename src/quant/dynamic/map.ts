import { seam } from '../../seam.ts';

const f32 = Math.fround;

/** How the bits of a code are shared out. */
export interface DynamicBits {
  /** Powers of ten, from 1 down; of more than a sign leaves bits for, the least have no fraction. */
  readonly exponents: number;
  /** All bits of a code, its sign among them; a map of fewer than 8 is filled up with zeros. */
  readonly total: number;
}

/** What bitsandbytes quantizes with. */
const USUAL: DynamicBits = { exponents: 7, total: 8 };

/**
 * Whether bitsandbytes has the map: it refuses one that has not as many values as there are codes.
 */
export function hasDynamicMap(signed: boolean, { exponents, total }: DynamicBits): boolean {
  return signed || exponents === total - 1;
}

/**
 * The 256 values of the codes of dynamic quantization, ascending, signed or not. Each power of ten
 * up to 1 carries a linear fraction between 0.1 and 1, cut twice as fine as at the power below; where
 * a code has bits to spare the highest power has another; 0 and 1 complete the map, so a signed one
 * has no -1 (Dettmers, "8-bit approximations for parallelism in deep learning", 2015). Rounded step
 * by step as bitsandbytes' create_dynamic_map, whose values these are bit by bit.
 */
export const createDynamicMap = seam(
  'quant.dynamicMap',
  (signed: boolean, { exponents, total }: DynamicBits = USUAL): Float32Array => {
    const spare = 2 ** (total - 1 - exponents);
    const least = signed ? spare : 2 * spare;
    const cuts = Array.from({ length: exponents }, (_, i) => ({ i, parts: least * 2 ** i }));
    const others = { i: exponents - 1, parts: spare - 1 };
    const values = [...cuts, others].flatMap(({ i, parts }) => {
      const power = f32(10 ** (i - exponents + 1));
      return midpoints(Math.max(0, Math.floor(parts))).map((fraction) => f32(power * fraction));
    });
    const map = new Float32Array(256);
    map.set([1, ...values, ...(signed ? values.map((value) => -value) : [])]);
    return map.sort();
  },
);

/** Midpoints of `count` equal parts of [0.1, 1], with the roundings of torch.linspace. */
function midpoints(count: number): number[] {
  const start = f32(0.1);
  const step = f32(f32(1 - start) / count);
  // Counted from the nearer end; product and sum are one fused operation there, hence a single
  // rounding here.
  const border = (k: number) => {
    const near = Math.min(k, count - k);
    return near === k ? f32(start + step * near) : f32(1 - step * near);
  };
  return Array.from({ length: count }, (_, k) => f32(f32(border(k) + border(k + 1)) / 2));
}
