import { EPS, FLUSH, gamma } from '../../bounds.ts';
import { product, stageError } from '../../matmul/product.ts';
import type { Depth, Value } from '../../record.ts';
import { plus, type Stages, scaled } from './stages.ts';

/** Numbers of one column of the output each, and how far each may be off. */
export interface Columns {
  readonly values: Float64Array;
  readonly errors: Float64Array;
}

/** Length of every row of W + s B A. */
export function normsOf({ A, B, W, s }: Stages): Float64Array {
  const merged = plus(W, scaled(product(B, A, false, false), s));
  const width = W.shape[1] as number;
  return Float64Array.from({ length: W.shape[0] as number }, (_, o) =>
    Math.hypot(...merged.data.subarray(o * width, (o + 1) * width)),
  );
}

/**
 * Errors of the norms: that of each merged element (a decoded weight, the low-rank sum with its
 * scale, their addition) through the sum of squares, and the root, which WGSL grants 4.5 ULP. A row
 * whose squares may all be error has an infinite one.
 */
export function normErrors(stages: Stages, norms: Float64Array, depth: Depth): Float64Array {
  const { A, B, W, s, decoded } = stages;
  const [rows, width] = W.shape as [number, number];
  const [r] = A.shape as [number];
  const update = scaled(product(B, A, false, false), s);
  const lowRank = scaled(stageError(B, undefined, A, false, false, depth(r) + 2), Math.abs(s));
  return Float64Array.from({ length: rows }, (_, o) => {
    let error = 0;
    let size = 0;
    for (let at = o * width; at < (o + 1) * width; at++) {
      const w = W.data[at] as number;
      const u = update.data[at] as number;
      const off =
        decoded * EPS * Math.abs(w) +
        (lowRank.data[at] as number) +
        EPS * (Math.abs(w) + Math.abs(u));
      // Beside flushes of the square and of the sum those of the element itself are nothing.
      error += 2 * Math.abs(w + u) * off + off * off + 2 * FLUSH;
      size += (Math.abs(w + u) + off) ** 2;
    }
    const norm = norms[o] as number;
    const squares = norm * norm;
    const total = error + gamma(depth(width)) * size;
    return squares > total
      ? total / (norm + Math.sqrt(squares - total)) + 4.5 * EPS * norm
      : Number.POSITIVE_INFINITY;
  });
}

/** magnitude / norm of every column. */
export function gainsOf(magnitude: Value, norms: Float64Array): Float64Array {
  return magnitude.data.map((m, o) => m / (norms[o] as number));
}

/** The same with errors; the quotient has 2.5 ULP. */
export function gainsWithErrors(magnitude: Value, norms: Columns): Columns {
  const values = gainsOf(magnitude, norms.values);
  return {
    values,
    errors: values.map((gain, o) => {
      const relative = (norms.errors[o] as number) / (norms.values[o] as number);
      return relative < 0.5
        ? Math.abs(gain) * (relative / (1 - relative) + 2.5 * EPS) + FLUSH
        : Number.POSITIVE_INFINITY;
    }),
  };
}

/** Columns of `z` times `gains`. */
export function rescaled(z: Value, gains: Float64Array): Value {
  return { ...z, data: z.data.map((v, i) => v * (gains[i % gains.length] as number)) };
}

/** Error of {@link rescaled} where z is off by `errorOfZ`. */
export function rescaledError(
  z: Value,
  errorOfZ: Value | undefined,
  { values, errors }: Columns,
): Value {
  const width = values.length;
  const data = z.data.map((v, i) => {
    const gain = Math.abs(values[i % width] as number);
    const gainError = errors[i % width] as number;
    const error = errorOfZ?.data[i] ?? 0;
    return (
      gain * error +
      (Math.abs(v) + error) * gainError +
      EPS * gain * Math.abs(v) +
      FLUSH * (1 + gain + Math.abs(v))
    );
  });
  return { ...z, data };
}

/**
 * How far PEFT's form of the result may be off beside {@link rescaledError}: it adds (gain - 1)
 * times the base's part to that part, which cancels where the gain is small, as the base's part and
 * the update's do where they differ in sign.
 */
export function addedLateError(
  { x, W, B, xa, s }: Stages,
  errorOfZ: Value,
  { values, errors }: Columns,
): Pick<Value, 'data'> {
  const base = product(x, W, false, true);
  const update = scaled(product(xa, B, false, true), s);
  const data = base.data.map((b, i) => {
    const gain = values[i % values.length] as number;
    const gainError = errors[i % values.length] as number;
    const ofBase = Math.abs(b);
    const ofUpdate = Math.abs(update.data[i] as number);
    const less = Math.abs(gain - 1);
    const size = Math.abs(gain);
    const rounding = EPS * (3 * less * ofBase + 3 * size * ofUpdate + Math.abs(b + (gain - 1) * b));
    return (ofBase + ofUpdate) * gainError + rounding + (1 + less) * (errorOfZ.data[i] as number);
  });
  return { data };
}

/** Gradient of the magnitude: the sum over the rows of dy z, divided by the norm. */
export function magnitudeGradient(dy: Value, z: Value, norms: Float64Array): Float64Array {
  const gradient = new Float64Array(norms.length);
  dy.data.forEach((v, i) => {
    const o = i % norms.length;
    gradient[o] = (gradient[o] as number) + (v * (z.data[i] as number)) / (norms[o] as number);
  });
  return gradient;
}

/** Error of {@link magnitudeGradient}: of z and of the sum, then of the norm and the quotient. */
export function magnitudeError(
  dy: Value,
  z: Value,
  errorOfZ: Value,
  norms: Columns,
  depth: Depth,
): Float64Array {
  const { values, errors } = norms;
  const width = values.length;
  const sums = gamma(depth(dy.data.length / width));
  const error = new Float64Array(width).fill(FLUSH);
  dy.data.forEach((v, i) => {
    const o = i % width;
    const size = Math.abs(z.data[i] as number);
    const off = errorOfZ.data[i] as number;
    const norm = (values[o] as number) - (errors[o] as number);
    const quotient = (errors[o] as number) / norm + 2.5 * EPS;
    const own =
      Math.abs(v) * (off + (size + off) * sums + size * quotient) +
      FLUSH * (2 + Math.abs(v) + size);
    error[o] = (error[o] as number) + (norm > 0 ? own / norm : Number.POSITIVE_INFINITY);
  });
  return error;
}
