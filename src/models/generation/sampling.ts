import { GradproofError } from '../../errors.ts';

/** How a token is drawn, in the words of transformers' GenerationConfig. */
export interface Sampling {
  /** Logits are divided by it: below 1 likely tokens become likelier. */
  readonly temperature: number;
  /** Only so many of the likeliest are drawn from, and what is as likely as the last. Default all. */
  readonly topK?: number;
  /** Only the likeliest are drawn from that together have this probability. Default 1: all. */
  readonly topP?: number;
}

/** Throws GradproofError `bad-sampling`. */
export function checkSampling({ temperature, topK = 1, topP = 1 }: Sampling): void {
  const refuse = (what: string) => {
    throw new GradproofError('bad-sampling', `sampling: ${what}`);
  };
  if (!(temperature > 0 && Number.isFinite(temperature)))
    refuse(
      `a temperature of ${temperature} is not above 0: for the likeliest token, ask for greedy`,
    );
  if (!(Number.isInteger(topK) && topK > 0)) refuse(`topK is ${topK} and should be 1, 2, ...`);
  if (!(topP > 0 && topP <= 1)) refuse(`topP is ${topP} and should be above 0, and at most 1`);
}

/**
 * The index at which the cumulated softmax of `logits / temperature`, of those that are drawn from,
 * passes `threshold`, which is in [0, 1).
 */
export function draw(
  logits: ArrayLike<number>,
  { temperature, topK, topP }: Sampling,
  threshold: number,
): number {
  const highest = Array.from(logits).reduce((max, x) => Math.max(max, x), Number.NEGATIVE_INFINITY);
  const weights = Float64Array.from(logits, (x) => Math.exp((x - highest) / temperature));
  const least = leastKept(weights, topK ?? weights.length, topP ?? 1);
  for (const [i, weight] of weights.entries()) if (weight < least) weights[i] = 0;
  let rest = threshold * weights.reduce((sum, x) => sum + x, 0);
  let last = 0;
  for (const [i, weight] of weights.entries()) {
    if (weight > 0) last = i;
    rest -= weight;
    if (rest < 0) return i;
  }
  return last; // rounding may leave a remainder
}

/** The least weight that is drawn from, where the first `topK` are cut off once they make up `topP`. */
function leastKept(weights: Float64Array, topK: number, topP: number): number {
  if (topK >= weights.length && topP === 1) return 0;
  const sorted = weights.toSorted().reverse();
  const kth = sorted[Math.min(topK, sorted.length) - 1] as number;
  const kept = sorted.filter((weight) => weight >= kth);
  let rest = topP * kept.reduce((sum, weight) => sum + weight, 0);
  for (const weight of kept) {
    rest -= weight;
    if (rest <= 0) return weight;
  }
  return kth;
}
