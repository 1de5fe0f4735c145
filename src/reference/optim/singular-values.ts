import type { Value } from '../record.ts';

/** Rows whose cosine is below it count as orthogonal. */
const ORTHOGONAL = 1e-14;
/** Jacobi's sweeps converge quadratically: ten are enough for any matrix of float64. */
const SWEEPS = 30;

/**
 * The singular values of a matrix of no more rows than columns, in no order: its rows are turned
 * about each other in pairs until all are orthogonal (one-sided Jacobi); what is left is their
 * lengths.
 */
export function singularValues({ shape, data }: Value): Float64Array {
  const [count, length] = shape as [number, number];
  const rows = Array.from({ length: count }, (_, i) => data.slice(i * length, (i + 1) * length));
  for (let sweep = 0, turned = true; turned && sweep < SWEEPS; sweep++) {
    turned = false;
    for (const [i, x] of rows.entries())
      for (const y of rows.slice(i + 1)) if (turn(x, y)) turned = true;
  }
  return Float64Array.from(rows, (row) => Math.sqrt(dot(row, row)));
}

/** Turns two rows in their plane until they are orthogonal; whether they were not. */
function turn(x: Float64Array, y: Float64Array): boolean {
  const xx = dot(x, x);
  const yy = dot(y, y);
  const xy = dot(x, y);
  if (Math.abs(xy) <= ORTHOGONAL * Math.sqrt(xx * yy)) return false;
  const zeta = (yy - xx) / (2 * xy);
  const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  const sine = cosine * tangent;
  for (let k = 0; k < x.length; k++) {
    const a = x[k] as number;
    const b = y[k] as number;
    x[k] = cosine * a - sine * b;
    y[k] = sine * a + cosine * b;
  }
  return true;
}

function dot(x: Float64Array, y: Float64Array): number {
  return x.reduce((sum, a, k) => sum + a * (y[k] as number), 0);
}
