/** Floats of so many bits of a fraction. */
const FRACTIONS: Readonly<Record<string, number>> = {
  fp4: 1,
  mxfp4: 1,
  nvfp4: 1,
  mxfp8: 3,
  quanto_float8: 3,
  quanto_float8_e4m3fnuz: 3,
  quanto_float8_e5m2: 2,
  f16: 10,
  bf16: 7,
};

/**
 * How far decoded weights may be from normal ones, relative to their root mean square: of a float
 * half a unit in the last place; else groups of normal numbers span seven deviations at most, and the
 * root mean square of a rounding is a step over the root of 12. The dynamic map has the steps of 7
 * bits below its largest values.
 */
export function limitOf(name: string, bits: number): number {
  const fraction = FRACTIONS[name];
  if (fraction !== undefined) return 2 ** -(fraction + 1);
  return 7 / Math.sqrt(12) / (2 ** (name === 'int8_blockwise' ? 7 : bits) - 1);
}
