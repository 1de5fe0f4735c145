/** Sums of squares: unlike the relative errors that are made of them, they add over layers. */
export interface SquareSums {
  /** Of the squares of differences. */
  readonly off: number;
  /** Of the squares of what is expected. */
  readonly whole: number;
}

/** Sums in float64 over elements of the same place. */
export function squareSums(actual: Float64Array, expected: Float64Array): SquareSums {
  let off = 0;
  let whole = 0;
  for (let i = 0; i < expected.length; i++) {
    const value = expected[i] as number;
    off += ((actual[i] as number) - value) ** 2;
    whole += value ** 2;
  }
  return { off, whole };
}

/** Sums over all that these are sums of. */
export function addedSums(sums: readonly SquareSums[]): SquareSums {
  return sums.reduce((a, b) => ({ off: a.off + b.off, whole: a.whole + b.whole }), {
    off: 0,
    whole: 0,
  });
}

/**
 * Root mean square of differences over that of what is expected: 0 where both are zeros, infinite
 * where zeros became something else.
 */
export function relativeError({ off, whole }: SquareSums): number {
  return off === 0 ? 0 : Math.sqrt(off / whole);
}

/** y [rows, out] = x [rows, in] W^T in float64; W is [out, in]. */
export function productOf(x: Float64Array, weight: Float64Array, width: number): Float64Array {
  const rows = x.length / width;
  const outputs = weight.length / width;
  const y = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++)
    for (let out = 0; out < outputs; out++) {
      let sum = 0;
      for (let i = 0, a = row * width, b = out * width; i < width; i++)
        sum += (x[a + i] as number) * (weight[b + i] as number);
      y[row * outputs + out] = sum;
    }
  return y;
}
