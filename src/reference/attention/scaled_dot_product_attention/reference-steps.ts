import { sizeOf } from '../../../tensor/shape.ts';
import type { Foreseen, Range, Steps } from '../../foreseen.ts';
import { eachQuery, type Heads, type Problem } from './problem.ts';

/** How numpy sums weights: ml_dtypes' bfloat16 stores each sum in turn, its own float16 the last. */
export const SUMS = ['each stored', 'last stored'] as const;

/**
 * y of ONNX's reference of Attention on numpy: q and k each times the root of the scale, scores,
 * what a mask adds, weights and their sum, all stored; products of matrices are sums in float32.
 */
export function referenceSteps(
  steps: Steps,
  problem: Problem,
  sums: (typeof SUMS)[number],
): Foreseen {
  const { stored, exactly, add, mul, div, root, sum } = steps;
  const { q, k, v, y, group } = problem;
  const half = stored(root(exactly(problem.scale)));
  const scaled = ({ value }: Heads) => Array.from(value.data, (x) => stored(mul(exactly(x), half)));
  const queries = scaled(q);
  const keys = scaled(k);
  const total = (terms: readonly Range[]): Range =>
    sums === 'last stored'
      ? stored(sum(terms))
      : terms.reduce((all, term) => stored(add(all, term)), exactly(0));
  const found = Array.from({ length: sizeOf(y.value.shape) }, () => exactly(0));
  eachQuery(problem, (b, h, i) => {
    const shared = Math.floor(h / group);
    const firstQ = q.at(b, h, i);
    const seen = Array.from({ length: problem.keys }, (_, key) => key).filter(
      (key) => problem.added(b, h, i, key) !== undefined,
    );
    const scores = seen.map((key) => {
      const firstK = k.at(b, shared, key);
      const products = Array.from({ length: q.width }, (_, c) =>
        mul(queries[firstQ + c] as Range, keys[firstK + c] as Range),
      );
      const added = exactly(problem.added(b, h, i, key) as number);
      return stored(add(capped(steps, stored(sum(products)), problem.softcap), added));
    });
    const weights = weightsOf(steps, scores);
    const whole = total(weights);
    const shares = weights.map((weight) => stored(div(weight, whole)));
    const first = y.at(b, h, i);
    for (let c = 0; c < v.width; c++) {
      const terms = shares.map((share, j) => {
        const at = v.at(b, shared, seen[j] as number) + c;
        return mul(share, exactly(v.value.data[at] as number));
      });
      found[first + c] = stored(sum(terms));
    }
  });
  return found;
}

function capped(steps: Steps, score: Range, softcap: number): Range {
  if (softcap === 0) return score;
  const { stored, exactly, mul, div, ascending } = steps;
  const cap = exactly(softcap);
  return stored(mul(stored(ascending(stored(div(score, cap)), Math.tanh)), cap));
}

/** Exponentials of how far scores are below the largest. */
function weightsOf({ stored, sub, exp }: Steps, scores: readonly Range[]): Range[] {
  const largest = scores.reduce(
    (most, score) => ({
      low: Math.max(most.low, score.low),
      high: Math.max(most.high, score.high),
    }),
    { low: Number.NEGATIVE_INFINITY, high: Number.NEGATIVE_INFINITY },
  );
  return scores.map((score) => stored(exp(stored(sub(score, largest)))));
}
