import { heldAs } from '../../tensor/half.ts';
import { EPS, FLUSH, flushOfProducts, gamma, maxAbs } from '../bounds.ts';
import { absoluteProduct, product } from '../matmul/product.ts';
import type { Depth, Value } from '../record.ts';
import { singularValues } from './singular-values.ts';

/** How a matrix is made orthogonal: coefficients and number of steps, and the least norm. */
export interface Orthogonalization {
  readonly coefficients: readonly [a: number, b: number, c: number];
  readonly steps: number;
  readonly eps: number;
}

/** What is kept of each number that is computed. */
type Store = (x: number) => number;
const inFloat64: Store = (x) => x;
const inBfloat16: Store = (x) => heldAs('bf16', x);

/** One iterate of no more rows than columns, with what the next is made of. */
interface Iterate {
  readonly x: Value;
  readonly gram: Value;
  readonly update: Value;
}

/**
 * Newton and Schulz's steps of torch's _zeropower_via_newtonschulz: X = a X + (b G + c G G) X with
 * G = X X^T, from X over its norm. All iterates, the last without what would follow.
 */
function iterates(
  wide: Value,
  { coefficients: [a, b, c], steps, eps }: Orthogonalization,
  store: Store,
): { readonly norm: number; readonly before: readonly Iterate[]; readonly last: Value } {
  const kept = ({ shape, data }: Value): Value => ({ shape, data: data.map((y) => store(y)) });
  const given = kept(wide);
  const norm = Math.max(store(frobenius(given)), store(eps));
  const before: Iterate[] = [];
  let x = kept({ ...given, data: given.data.map((y) => y / norm) });
  for (let i = 0; i < steps; i++) {
    const gram = kept(product(x, x, false, true));
    const square = product(gram, gram, false, false);
    const update = kept(sum(b, gram, c, square));
    before.push({ x, gram, update });
    x = kept(sum(a, x, 1, product(update, x, false, false)));
  }
  return { norm, before, last: x };
}

const sum = (p: number, x: Value, q: number, y: Value): Value => ({
  shape: x.shape,
  data: x.data.map((each, i) => p * each + q * (y.data[i] as number)),
});

/** The matrix made orthogonal, in float64. */
export function orthogonal(x: Value, how: Orthogonalization): Value {
  return turned(x, (wide) => iterates(wide, how, inFloat64).last);
}

/**
 * As torch computes it: each product in more than bfloat16, and rounded to it once. Where a sum in
 * float32 lies beside the middle of two of its numbers, torch may take the other one.
 */
export function orthogonalInBfloat16(x: Value, how: Orthogonalization): Value {
  return turned(x, (wide) => iterates(wide, how, inBfloat16).last);
}

/** The matrix so that it has no more rows than columns. */
export function wideOf(x: Value): Value {
  const [rows, columns] = x.shape as [number, number];
  return rows > columns ? transposed(x) : x;
}

/**
 * Whether each number that {@link orthogonalInBfloat16} rounds is so far from the middle of two that
 * sums in float32, in any order, are rounded as it is; no element of the matrix given is off by more
 * than `off`.
 */
export function isDecidedInBfloat16(given: Value, off: number, how: Orthogonalization): boolean {
  const wide = wideOf(given);
  const { norm, before } = iterates(wide, how, inBfloat16);
  const [a, b, c] = how.coefficients;
  const isDecided = (y: number, error: number) => inBfloat16(y - error) === inBfloat16(y + error);
  const all = (value: Value, errorOf: (i: number) => number) =>
    value.data.every((y, i) => isDecided(y, errorOf(i)));
  const kept = wide.data.map(inBfloat16);
  const size = Math.max(frobenius({ ...wide, data: kept }), how.eps);
  const isStart =
    all(wide, () => off) &&
    isDecided(size, gamma(wide.data.length + 4) * size) &&
    kept.every((y) => isDecided(y / norm, EPS * Math.abs(y / norm)));
  return (
    isStart &&
    before.every(({ x, gram, update }) => {
      const ofGram = absoluteProduct(x, x, false, true);
      const ofSquare = absoluteProduct(gram, gram, false, false);
      const ofMoved = absoluteProduct(update, x, false, false);
      const units = gamma((x.shape[1] as number) + 4);
      const square = sum(b, gram, c, product(gram, gram, false, false));
      const moved = sum(a, x, 1, product(update, x, false, false));
      return (
        all(product(x, x, false, true), (i) => units * (ofGram.data[i] as number)) &&
        all(
          square,
          (i) =>
            units *
            (Math.abs(b * (gram.data[i] as number)) + Math.abs(c) * (ofSquare.data[i] as number)),
        ) &&
        all(
          moved,
          (i) => units * (Math.abs(a * (x.data[i] as number)) + (ofMoved.data[i] as number)),
        )
      );
    })
  );
}

/** `f` of the matrix so that it has no more rows than columns. */
function turned(x: Value, f: (wide: Value) => Value): Value {
  const [rows, columns] = x.shape as [number, number];
  return rows > columns ? transposed(f(transposed(x))) : f(x);
}

function transposed({ shape, data }: Value): Value {
  const [rows, columns] = shape as [number, number];
  return {
    shape: [columns, rows],
    data: data.map((_, at) => data[(at % rows) * columns + Math.floor(at / rows)] as number),
  };
}

/**
 * How far, as a whole (in Frobenius's norm), the matrix made orthogonal may be off by a depth of its
 * sums, where the matrix given already is by `carried`.
 *
 * A step multiplies singular values by an odd polynomial p, X = U S V^T becoming U p(S) V^T. What a
 * deviation E of X becomes is, in the basis of U and V, its symmetric part times the divided
 * differences of p at pairs of singular values, and its other part times those of one with the other
 * negated (Noferini, "A formula for the Fréchet derivative of a generalized matrix function", 2017):
 * no longer than E times the largest of them. They are taken as far around the singular values as E
 * may move those (Weyl), so that nothing of second order is left out. To that comes what the step
 * itself rounds.
 */
export function orthogonalError(
  given: Value,
  carried: number,
  how: Orthogonalization,
  depth: Depth,
): number {
  const [rows, columns] = given.shape as [number, number];
  const wide = wideOf(given);
  const { norm, before } = iterates(wide, how, inFloat64);
  const size = frobenius(wide);
  const terms = rows * columns;
  // The root of a sum of squares, 4.5 units of a root, and the quotient's 2.5.
  const flushed = 3 * terms * FLUSH;
  const ofNorm =
    carried +
    (gamma(depth(terms)) / 2 + 4.5 * EPS) * (size + carried) +
    Math.min(Math.sqrt(flushed), flushed / size);
  const relative = ofNorm < norm / 2 ? ofNorm / (norm - ofNorm) : Number.POSITIVE_INFINITY;
  let error =
    (carried / norm) * (1 + relative) +
    (size / norm) * (1 + relative) * (relative + 2.5 * EPS) +
    terms * FLUSH * (1 + 1 / norm);
  let values = before[0] ? singularValues(before[0].x) : new Float64Array();
  const [a, b, c] = how.coefficients;
  for (const iterate of before) {
    error =
      growth(values, error, how, rows === columns) * error +
      roundings(iterate, Math.max(...values), error, how, depth);
    values = values.map((s) => Math.abs(s * (a + s * s * (b + s * s * c))));
  }
  return error;
}

/** How many times longer a step makes a deviation of this length, at most. */
function growth(
  values: Float64Array,
  deviation: number,
  { coefficients: [a, b, c] }: Orthogonalization,
  isSquare: boolean,
): number {
  const divided = (x: number, y: number) =>
    Math.abs(
      a +
        b * (x * x + x * y + y * y) +
        c * (x ** 4 + x ** 3 * y + x * x * y * y + x * y ** 3 + y ** 4),
    );
  let most = 0;
  for (const [i, x] of values.entries()) {
    for (const y of values.subarray(i)) most = Math.max(most, divided(x, y), divided(x, -y));
    if (!isSquare) most = Math.max(most, divided(x, 0));
  }
  const largest = Math.max(...values) + deviation;
  const slope = 6 * Math.abs(b) * largest + 20 * Math.abs(c) * largest ** 3;
  return most + slope * deviation;
}

/**
 * What a step rounds: of the sums of a product of matrices with absolute values the share gamma, of
 * what is scaled and added two units. Errors of a factor are carried on by the other's largest
 * singular value. All is taken of what is off by `deviation` from the iterate.
 */
function roundings(
  { x, gram, update }: Iterate,
  largest: number,
  deviation: number,
  { coefficients }: Orthogonalization,
  depth: Depth,
): number {
  const [a, b, c] = coefficients.map(Math.abs) as [number, number, number];
  const [rows, columns] = x.shape as [number, number];
  const top = largest + deviation;
  const [sizeOfX, sizeOfGram, sizeOfUpdate] = [x, gram, update].map(frobenius) as [
    number,
    number,
    number,
  ];
  /** Of p q, where they are off by these from the factors whose sizes are given. */
  const ofSums = (
    [p, q, transposeQ]: readonly [Value, Value, boolean],
    [offP, offQ]: readonly [number, number],
  ) => {
    const n = p.shape[1] as number;
    const absolute = frobenius(absoluteProduct(p, q, false, transposeQ));
    const around = frobenius(p) * offQ + offP * frobenius(q) + offP * offQ;
    const flushed = flushOfProducts(n, maxAbs(p.data) + offP, maxAbs(q.data) + offQ);
    return gamma(depth(n)) * (absolute + around) + flushed * Math.sqrt(rows * columns);
  };
  const gramOff = 2 * top * deviation;
  const ofGram = ofSums([x, x, true], [deviation, deviation]);
  const offGram = gramOff + ofGram;
  const topOfGram = top * top + ofGram;
  const ofSquare = 2 * topOfGram * ofGram + ofSums([gram, gram, false], [offGram, offGram]);
  const square = (sizeOfGram + offGram) * topOfGram + ofSquare;
  const ofUpdate = b * ofGram + c * ofSquare + 2 * EPS * (b * (sizeOfGram + offGram) + c * square);
  const offUpdate = (b + 2 * c * topOfGram) * gramOff + ofUpdate;
  const ofProduct = ofUpdate * top + ofSums([update, x, false], [offUpdate, deviation]);
  const moved = (sizeOfUpdate + offUpdate) * top + ofProduct;
  return ofProduct + 2 * EPS * (a * (sizeOfX + deviation) + moved) + 6 * rows * columns * FLUSH;
}

/** The size of a matrix as a whole, in Frobenius's norm. */
export function frobenius({ data }: Value): number {
  return Math.sqrt(data.reduce((total, x) => total + x * x, 0));
}
