import { EPS, FLUSH, gamma, SECOND_ORDER } from '../bounds.ts';
import { powerError } from '../math/pow.ts';
import type { Depth } from '../record.ts';
import {
  codeOf,
  type Grid,
  type Groups,
  type HqqParams,
  levelError,
  type Uncertain,
} from './hqq-groups.ts';

/** The kernel leaves nothing of an error this small, whatever the shrinkage: its logarithm may fail. */
export const TINY = 2 ** -100;

/** What a quotient and the difference before it, or after it, may be off. */
const QUOTIENT = 3.5;

/** More additions than lie on the way of any term into the mean error of a tensor's groups. */
const MEAN_DEPTH = 256;

/** The shrinkage of errors, with its numbers as they are rounded to float32. */
interface Shrinkage {
  /** p */
  readonly norm: number;
  /** p - 1 */
  readonly power: number;
  /** 1 / beta */
  readonly share: number;
  /** The size of an error below which nothing is left. */
  readonly kink: number;
}

export function shrinkageOf({ lp_norm, beta }: HqqParams): Shrinkage {
  const share = Math.fround(1 / beta);
  const power = Math.fround(lp_norm - 1);
  // Of p about 2 all errors are shrunk alike, and of more the large ones vanish.
  return { norm: lp_norm, power, share, kink: power < 0.9 ? share ** (1 / (1 - power)) : 0 };
}

/** sign(e) max(|e| - |e|^(p-1) / beta, 0) */
function shrunk(e: number, { power, share, kink }: Shrinkage): number {
  const size = Math.abs(e);
  if (size < kink / 2 || size === 0) return 0;
  return Math.sign(e) * Math.max(size - share * size ** power, 0);
}

/**
 * How far it may be off where `e` may be by `error`. Its slope is between 2 - p and 1 where
 * something is left; the power is off by itself.
 */
function shrunkError(e: number, error: number, { norm, power, share, kink }: Shrinkage): number {
  const most = Math.abs(e) + error;
  if (most < kink / 2) return 0;
  const base = Math.max(most, TINY);
  const lost = share * (powerError(base, power) + EPS * base ** power) + FLUSH;
  if (norm < 2 && most - share * base ** power + lost <= 0) return 0;
  return Math.max(1, Math.abs(2 - norm)) * error + lost + EPS * most + TINY;
}

/** What a pass makes of zeros. */
export interface Passed extends Uncertain {
  /** The mean |e| of the whole tensor by the codes of the zeros before, and how far it may be off. */
  readonly size: number;
  readonly doubt: number;
}

/**
 * A pass of HQQ's solver: each zero becomes the mean over its group of q - (x - w) inverse, where w
 * is the shrunk e = x - (q - zero) / inverse. The error is what the operations may be off, each
 * step propagated through the next, and what the other code would make of it for each element whose
 * level is in the band of two.
 */
export function passOf(
  groups: Groups,
  { inverse, slack, zero }: Grid,
  shrinkage: Shrinkage,
  depth: Depth,
): Passed {
  const { x, count, size, place, top } = groups;
  const value = new Float64Array(count);
  const error = new Float64Array(count);
  const relative = gamma(Math.min(depth(size), size + 2) + QUOTIENT);
  let total = 0;
  let doubt = 0;
  for (let j = 0; j < count; j++) {
    const factor = inverse[j] as number;
    const loose = slack[j] as number;
    const before = zero.value[j] as number;
    const off = zero.error[j] as number;
    let sum = 0;
    let sizes = 0;
    let errors = 0;
    for (let k = 0; k < size; k++) {
      const w = x[place(j, k)] as number;
      const product = w * factor;
      const level = product + before;
      const band = off + levelError(product, level, factor, loose);
      const code = codeOf(level, top);
      const decoded = (code - before) / factor;
      const e = w - decoded;
      const moved =
        off / factor + (QUOTIENT * EPS + loose) * Math.abs(decoded) + EPS * Math.abs(e) + FLUSH;
      const kept = w - shrunk(e, shrinkage);
      const term = code - kept * factor;
      errors +=
        factor * (shrunkError(e, moved, shrinkage) + EPS * Math.abs(kept) + FLUSH) +
        (loose + EPS) * Math.abs(kept * factor) +
        EPS * Math.abs(term);
      total += Math.abs(e);
      doubt += moved;
      const least = codeOf(level - band, top);
      const most = codeOf(level + band, top);
      if (least !== most) {
        const jump = (other: number) => {
          const instead = w - shrunk(w - (other - before) / factor, shrinkage);
          return Math.abs(other - instead * factor - term);
        };
        errors += Math.max(jump(least), jump(most));
        doubt += (2 * band) / factor;
      }
      sum += term;
      sizes += Math.abs(term);
    }
    value[j] = sum / size;
    error[j] = (errors / size + (relative * sizes) / size) * SECOND_ORDER + 2 * FLUSH;
  }
  const mean = total / x.length;
  return {
    value,
    error,
    size: mean,
    doubt: doubt / x.length + gamma(size + MEAN_DEPTH + count / 2048) * mean,
  };
}
