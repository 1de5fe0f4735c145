import { EPS, FLUSH, gamma } from '../../bounds.ts';
import type { Arithmetic } from '../../record.ts';
import type { Part } from './part.ts';
import { meanOf, type Row } from './row.ts';

/** weight * z + bias of a row: a product, and a sum where there is a bias. */
export function weighed(
  { z, zError }: Pick<Row, 'z' | 'zError'>,
  weight: Float64Array,
  bias: Float64Array | undefined,
): Part[] {
  return Array.from(weight, (w, c) => {
    const scaled = w * (z[c] as number);
    const value = scaled + (bias?.[c] ?? 0);
    const error =
      Math.abs(w) * (zError[c] as number) +
      EPS * Math.abs(scaled) +
      (bias ? EPS * Math.abs(value) : 0);
    return { value, error: error + FLUSH * (2 + Math.abs(w)) };
  });
}

/**
 * dx = rstd (g - mean(g) - z mean(g z)) of a row, g = weight dy. Of what is flushed the share that
 * grows with g is nothing beside the rounding of its mean.
 */
export function rowSlopes(
  { z, zError, rstd, rstdError }: Pick<Row, 'z' | 'zError' | 'rstd' | 'rstdError'>,
  weight: Float64Array,
  dy: Float64Array,
  { depth }: Arithmetic,
): Part[] {
  const levels = gamma(depth(weight.length)) + 3.5 * EPS;
  const g = weight.map((w, c) => w * (dy[c] as number));
  const mean = meanOf(g);
  const meanError = levels * meanOf(g.map(Math.abs)) + 4 * FLUSH;
  const along = meanOf(g.map((value, c) => value * (z[c] as number)));
  const alongError =
    meanOf(g.map((value, c) => Math.abs(value) * (zError[c] as number))) +
    (levels + EPS) * meanOf(g.map((value, c) => Math.abs(value * (z[c] as number)))) +
    4 * FLUSH;
  return Array.from(g, (value, c) => {
    const zc = z[c] as number;
    const off = zError[c] as number;
    const rest = value - mean - zc * along;
    const inner =
      EPS * (Math.abs(value) + Math.abs(value - mean) + Math.abs(zc * along) + Math.abs(rest)) +
      meanError +
      (Math.abs(zc) + off) * alongError +
      off * Math.abs(along) +
      4 * FLUSH;
    return {
      value: rstd * rest,
      error:
        rstd * (1 + rstdError) * inner +
        Math.abs(rstd * rest) * (rstdError + EPS) +
        FLUSH * (1 + rstd),
    };
  });
}
