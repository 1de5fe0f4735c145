import { sizeOf } from '../../../tensor/shape.ts';
import { EPS, FLUSH, maxAbs, SECOND_ORDER } from '../../bounds.ts';
import type { Value } from '../../record.ts';
import type { Rounding } from '../../rounding.ts';
import { eachQuery, type Heads, type Problem } from './problem.ts';
import { type Attended, rowOf, type SumError } from './row.ts';

/** Numbers and how far each may be off. */
export interface Result {
  readonly value: Value;
  readonly error: Float64Array;
}

function emptyOf(shape: Value['shape']): {
  readonly shape: Value['shape'];
  readonly data: Float64Array;
  readonly error: Float64Array;
} {
  return { shape, data: new Float64Array(sizeOf(shape)), error: new Float64Array(sizeOf(shape)) };
}

type Sums = ReturnType<typeof emptyOf>;

const emptyLike = ({ value: { shape } }: Heads): Sums => emptyOf(shape);

function addTo({ data, error }: Sums, at: number, value: number, off: number): void {
  data[at] = (data[at] as number) + value;
  error[at] = (error[at] as number) + off;
}

function resultOf({ shape, data, error }: Sums): Result {
  return { value: { shape, data }, error: error.map((off) => off * SECOND_ORDER) };
}

/** Rows of all queries, by batch, head and query. */
type Rows = (batch: number, head: number, query: number) => readonly Attended[];

function rowsOf(problem: Problem, sumError: SumError): Rows {
  const rows: (readonly Attended[])[] = [];
  eachQuery(problem, (...at) => rows.push(rowOf(problem, at, sumError)));
  return (b, h, i) => rows[(b * problem.heads + h) * problem.q.length + i] as readonly Attended[];
}

/**
 * y = sum_j p_j v_j: each term is off by the error of p_j and the sum's. Weights that are kept in
 * another format than float32 are rounded to it as `weights` says.
 */
export function attended(problem: Problem, sumError: SumError, weights?: Rounding): Result {
  return outputOf(problem, rowsOf(problem, sumError), sumError, weights);
}

/**
 * A weight that is rounded again is a unit off, or the smallest number where it is below the range;
 * as much again where it is the rounded weights whose sum they are divided by.
 */
function outputOf(
  problem: Problem,
  rows: Rows,
  sumError: SumError,
  { eps, flush }: Pick<Rounding, 'eps' | 'flush'> = { eps: 0, flush: 0 },
): Result {
  const { v, y, group } = problem;
  const sums = emptyLike(y);
  const levels = sumError(v.length);
  eachQuery(problem, (b, h, i) => {
    const first = y.at(b, h, i);
    for (const { key, p, error } of rows(b, h, i)) {
      const from = v.at(b, Math.floor(h / group), key);
      for (let c = 0; c < v.width; c++) {
        const x = v.value.data[from + c] as number;
        addTo(
          sums,
          first + c,
          p * x,
          Math.abs(p * x) * (error + levels + 2 * eps) +
            FLUSH * (2 + 3 * Math.abs(x)) +
            flush * Math.abs(x) * (1 + problem.keys * p),
        );
      }
    }
  });
  return resultOf(sums);
}

/**
 * Gradients. delta = sum of dy y; g_j = dy . v_j - delta; ds_j = p_j g_j slope_j; dq = scale *
 * sum_j ds_j k_j, dk = scale * sum_i ds_i q_i, dv = sum_i p_i dy_i, the latter two over all query
 * heads that share the key, and over the copies of what is broadcast; dmask = sum of p_j g_j over
 * what it was repeated for. Each stage's error is carried through the next.
 */
export function gradientsOf(
  problem: Problem,
  { data: dy }: Value,
  sumError: SumError,
): Readonly<Record<'q' | 'k' | 'v', Result>> & { readonly mask?: Result } {
  const { q, k, v, y, group, scale, maskAt, maskShape } = problem;
  const rows = rowsOf(problem, sumError);
  const output = outputOf(problem, rows, sumError);
  const dq = emptyLike(q);
  const dk = emptyLike(k);
  const dv = emptyLike(v);
  const dmask = emptyOf(maskShape);
  const { batch, heads } = problem;
  const scores = batch * heads * q.length * k.length;
  // A sum without products: a level less.
  const repeats = scores / sizeOf(maskShape);
  const ofRepeats = repeats > 1 ? sumError(repeats - 1) : 0;
  // What is broadcast has the sum of the gradients of its copies.
  const copies = (own: Heads, of: number) => (batch * of) / (sizeOf(own.batch) * own.heads);
  const ofKeys = sumError(k.length * copies(q, heads));
  const ofQueries = (own: Heads) => sumError(group * q.length * copies(own, heads / group));
  const ofKeysQueries = ofQueries(k);
  const ofValuesQueries = ofQueries(v);
  const ofColumns = sumError(v.width);
  const largest = Math.max(
    maxAbs(q.value.data),
    maxAbs(k.value.data),
    maxAbs(v.value.data),
    maxAbs(dy),
  );
  const flush = FLUSH * (4 + largest) * (2 + largest) * (2 + v.width);
  eachQuery(problem, (b, h, i) => {
    const firstY = y.at(b, h, i);
    const firstQ = q.at(b, h, i);
    let delta = 0;
    let deltaError = flush;
    for (let c = 0; c < v.width; c++) {
      const d = dy[firstY + c] as number;
      const out = output.value.data[firstY + c] as number;
      delta += d * out;
      deltaError +=
        Math.abs(d) * (output.error[firstY + c] as number) * (1 + ofColumns) +
        ofColumns * Math.abs(d * out);
    }
    for (const { key, p, error, slope, slopeError } of rows(b, h, i)) {
      const shared = Math.floor(h / group);
      const firstK = k.at(b, shared, key);
      const firstV = v.at(b, shared, key);
      let g = -delta;
      let gError = deltaError;
      for (let c = 0; c < v.width; c++) {
        const d = dy[firstY + c] as number;
        const x = v.value.data[firstV + c] as number;
        g += d * x;
        gError += ofColumns * Math.abs(d * x);
        addTo(dv, firstV + c, p * d, Math.abs(p * d) * (error + ofValuesQueries) + flush);
      }
      if (maskAt) {
        const own =
          p * (1 + error) * (gError + EPS * Math.abs(g)) + Math.abs(p * g) * (error + EPS);
        const rounded = ofRepeats * (Math.abs(p * g) + own);
        addTo(dmask, maskAt(b, h, i, key), p * g, own + rounded + flush);
      }
      const ds = p * g * slope;
      const off =
        p * (1 + error) * slope * (1 + slopeError) * (gError + EPS * Math.abs(g)) +
        Math.abs(ds) * (error + slopeError + 2 * EPS) +
        flush;
      for (let c = 0; c < q.width; c++) {
        const x = scale * (q.value.data[firstQ + c] as number);
        const other = scale * (k.value.data[firstK + c] as number);
        addTo(
          dq,
          firstQ + c,
          ds * other,
          Math.abs(other) * (off + (ofKeys + EPS) * (Math.abs(ds) + off)) + flush,
        );
        addTo(
          dk,
          firstK + c,
          ds * x,
          Math.abs(x) * (off + (ofKeysQueries + EPS) * (Math.abs(ds) + off)) + flush,
        );
      }
    }
  });
  return {
    ...{ q: resultOf(dq), k: resultOf(dk), v: resultOf(dv) },
    ...(maskAt && { mask: resultOf(dmask) }),
  };
}
