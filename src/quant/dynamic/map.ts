import { seam } from '../../seam.ts';

const f32 = Math.fround;
const EXPONENTS = 7;

/**
 * The 256 values of the codes of 8-bit dynamic quantization, ascending, signed or not. Each power
 * of ten from 1e-6 to 1 carries a linear fraction between 0.1 and 1, cut twice as fine as at the
 * power below; 0 and 1 complete the map, so a signed one has no -1 (Dettmers, "8-bit approximations
 * for parallelism in deep learning", 2015). Rounded step by step as bitsandbytes'
 * create_dynamic_map, whose values these are bit by bit.
 */
export const createDynamicMap = seam('quant.dynamicMap', (signed: boolean): Float32Array => {
  const values: number[] = [0, 1];
  for (let i = 0; i < EXPONENTS; i++) {
    const power = f32(10 ** (i - EXPONENTS + 1));
    for (const fraction of midpoints(signed ? 2 ** i : 2 ** (i + 1))) {
      values.push(f32(power * fraction));
      if (signed) values.push(-f32(power * fraction));
    }
  }
  return Float32Array.from(values).sort();
});

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
