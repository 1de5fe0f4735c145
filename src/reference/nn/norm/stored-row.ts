import type { Range, Steps } from '../../foreseen.ts';
import { around } from '../../steps.ts';
import type { Row } from './row.ts';

/** A row as torch keeps it for its gradients: x, and its statistics as they are stored. */
export interface StoredRow {
  readonly x: readonly Range[];
  readonly mean: Range;
  readonly rstd: Range;
}

export const storedRow = ({ stored, exactly }: Steps, row: Row): StoredRow => ({
  x: Array.from(row.x, exactly),
  mean: stored(around(row.mean, row.meanError)),
  rstd: stored(around(row.rstd, row.rstd * row.rstdError)),
});

/** A channel as batch_norm keeps it, and its variance, biased. */
export interface StoredChannel extends StoredRow {
  readonly variance: Range;
}

/** How torch sums the squares of a channel: float16 in float32; bfloat16 stores it, and what follows. */
export const SUMS = ['kept', 'stored'] as const;

export function storedChannel(
  steps: Steps,
  row: Row,
  eps: number,
  sums: (typeof SUMS)[number],
): StoredChannel {
  const { stored, exactly, add, mul, div, root } = steps;
  const { x, mean } = storedRow(steps, row);
  const own = around(row.variance, row.varianceError);
  const n = exactly(row.x.length);
  const kept = sums === 'kept' ? (part: Range) => part : stored;
  const variance = div(kept(mul(own, n)), n);
  const power = kept(add(variance, kept(exactly(eps))));
  const rstd = stored(div(exactly(1), root(power)));
  return { x, mean, rstd, variance };
}

/** y by torch's batch_norm, which folds the statistics: x a + (bias - mean a), a = rstd weight. */
export function foldedChannel(
  { stored, exactly, add, sub, mul }: Steps,
  { x, mean, rstd }: StoredRow,
  weight: number,
  bias: number,
): Range[] {
  const factor = mul(rstd, exactly(weight));
  const summand = sub(exactly(bias), mul(mean, factor));
  return x.map((value) => stored(add(mul(value, factor), summand)));
}

/**
 * dx of a row by torch's layer_norm and group_norm, in one step: a g + b x + c with a = rstd, g =
 * weight dy, b = (mean sum g - sum g x) rstd^3 / n and c = -b mean - rstd sum g / n.
 */
export function storedSlopes(
  { stored, exactly, add, sub, mul, neg, sum }: Steps,
  { x, mean, rstd }: StoredRow,
  weight: Float64Array,
  dy: Float64Array,
): Range[] {
  const share = exactly(Math.fround(1 / x.length));
  const g = Array.from(dy, (d, i) => mul(exactly(d), exactly(weight[i] as number)));
  const total = sum(g);
  const along = sum(g.map((each, i) => mul(each, x[i] as Range)));
  const cube = mul(mul(mul(rstd, rstd), rstd), share);
  const b = mul(sub(mul(total, mean), along), cube);
  const c = sub(neg(mul(b, mean)), mul(mul(total, rstd), share));
  return g.map((each, i) => stored(add(add(mul(rstd, each), mul(b, x[i] as Range)), c)));
}

/** The sum over a part of a row of dy z, times what its weight is: dy x - mean dy, times rstd. */
export function storedAlong(
  { exactly, sub, mul, sum }: Steps,
  { x, mean, rstd }: StoredRow,
  dy: ReadonlyMap<number, number>,
): Range {
  const flow = [...dy];
  const along = sum(flow.map(([i, d]) => mul(exactly(d), x[i] as Range)));
  return mul(sub(along, mul(sum(flow.map(([, d]) => exactly(d))), mean)), rstd);
}

/**
 * What torch's batch_norm gives of a channel: dx = (dy - sum dy / n - (x - mean) k) rstd weight with
 * k = along rstd^2 / n, and the weight's gradient along rstd, along = sum of (x - mean) dy. Its sum
 * of dy is stored or is not.
 */
export function channelSlopes(
  { stored, exactly, sub, mul, div, sum, either }: Steps,
  { x, mean, rstd }: StoredRow,
  weight: number,
  dy: readonly number[],
): { readonly x: readonly Range[]; readonly weight: Range } {
  const n = exactly(dy.length);
  const away = x.map((value) => sub(value, mean));
  const along = sum(away.map((each, i) => mul(each, exactly(dy[i] as number))));
  const total = sum(dy.map(exactly));
  const center = div(either(total, stored(total)), n);
  const k = div(mul(mul(along, rstd), rstd), n);
  const slopes = away.map((each, i) => sub(sub(exactly(dy[i] as number), center), mul(each, k)));
  return {
    x: slopes.map((slope) => stored(mul(mul(slope, rstd), exactly(weight)))),
    weight: stored(mul(along, rstd)),
  };
}
