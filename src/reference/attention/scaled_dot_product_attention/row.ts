import { EPS, FLUSH } from '../../bounds.ts';
import type { Problem } from './problem.ts';

/**
 * Relative error of a sum of `terms` products: gamma of a variant's depth (L1), or what rounding to
 * nearest shows (L2).
 */
export type SumError = (terms: number) => number;

/** How one query attends to one key. */
export interface Attended {
  readonly key: number;
  readonly p: number;
  /** Relative error of p. */
  readonly error: number;
  /** Derivative of the score by scale * q . k, and its relative error. */
  readonly slope: number;
  readonly slopeError: number;
}

interface Score {
  readonly key: number;
  readonly score: number;
  /** Absolute error of the score. */
  readonly error: number;
  readonly slope: number;
  readonly slopeError: number;
}

/**
 * q . k, scaled and capped, with its error: the sum's, a unit for the scale, and those of the cap.
 */
function scoreOf(
  problem: Problem,
  at: readonly [number, number, number],
  key: number,
  sumError: SumError,
): Omit<Score, 'key'> {
  const { q, k, group, scale, softcap } = problem;
  const [b, h, i] = at;
  const firstQ = q.at(b, h, i);
  const firstK = k.at(b, Math.floor(h / group), key);
  let sum = 0;
  let size = 0;
  let largest = 0;
  for (let c = 0; c < q.width; c++) {
    const x = q.value.data[firstQ + c] as number;
    const y = k.value.data[firstK + c] as number;
    sum += x * y;
    size += Math.abs(x * y);
    largest = Math.max(largest, Math.abs(x), Math.abs(y));
  }
  const raw = scale * sum;
  const flush = FLUSH * q.width * (2 + 2 * largest);
  const rawError =
    Math.abs(scale) * (sumError(q.width) * size + flush) + EPS * Math.abs(raw) + FLUSH;
  return softcap === 0
    ? { score: raw, error: rawError, slope: 1, slopeError: 0 }
    : capped(raw, rawError, softcap);
}

/**
 * softcap * tanh(u), u = s / softcap, computed as (1 - t) / (1 + t) with t = exp(-2 |u|). u is 2.5
 * eps off and t 3 + 4 |u| units; then two sums, a quotient and a product: 5.5 eps. The slope 1 -
 * tanh^2 = 4 t / (1 + t)^2 changes by at most exp(2 e) when u moves by e.
 */
function capped(s: number, error: number, softcap: number): Omit<Score, 'key'> {
  const u = Math.abs(s) / softcap;
  const uError = error / softcap + 2.5 * EPS * u;
  const t = Math.exp(-2 * u);
  const slope = (4 * t) / (1 + t) ** 2;
  const score = softcap * Math.tanh(s / softcap);
  const powerError = EPS * (3 + 4 * u);
  const moved = slope * Math.exp(2 * uError) * (uError + powerError / 2) + FLUSH;
  return {
    score,
    error: softcap * moved + 5.5 * EPS * Math.abs(score),
    slope,
    slopeError: 2 * uError + powerError + 5.5 * EPS,
  };
}

/**
 * Weights of the keys that a query attends to. A weight is exp of a difference (3 + 3 D units, D
 * below the largest score) whose score is off by its error e, over a sum: (expm1(e_j) + A + error
 * of the sum + 2.5 eps) / (1 - A), A = sum of p_k expm1(e_k). The sum is taken as one of all keys up
 * to the last that counts: a variant may rescale it wherever the keys between are hidden.
 */
export function rowOf(
  problem: Problem,
  at: readonly [number, number, number],
  sumError: SumError,
): readonly Attended[] {
  const scores: Score[] = [];
  for (let key = 0; key < problem.keys; key++) {
    const added = problem.added(...at, key);
    if (added === undefined) continue;
    const { score, error, ...rest } = scoreOf(problem, at, key, sumError);
    const total = score + added;
    scores.push({
      key,
      score: total,
      error: error + (problem.adds ? EPS * Math.abs(total) : 0),
      ...rest,
    });
  }
  const max = scores.reduce((most, { score }) => Math.max(most, score), Number.NEGATIVE_INFINITY);
  const sum = scores.reduce((total, { score }) => total + Math.exp(score - max), 0);
  const weights = scores.map(({ score, error, ...rest }) => {
    const p = Math.exp(score - max) / sum;
    // A weight of 0 weighs nothing, however far off its score is.
    return { p, off: p && Math.expm1(error + EPS * (3 + 3 * (max - score))), ...rest };
  });
  const common = weights.reduce((total, { p, off }) => total + p * off, 0);
  const last = scores.at(-1)?.key ?? -1;
  const rest = common + sumError(last + 1) + 2.5 * EPS;
  const least = Math.max(0, 1 - common);
  return weights.map(({ off, ...weight }) => ({
    error: weight.p && (off + rest) / least,
    ...weight,
  }));
}
