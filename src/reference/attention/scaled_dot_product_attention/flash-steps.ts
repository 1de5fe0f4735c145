import { sizeOf } from '../../../tensor/shape.ts';
import type { Foreseen, Range, Steps } from '../../foreseen.ts';
import type { Value } from '../../record.ts';
import { eachQuery, type Heads, type Problem } from './problem.ts';

/** Terms of each element of a tensor, whose sum is stored. */
type Terms = readonly Range[][];

const termsOf = ({ value }: Heads): Terms =>
  Array.from({ length: sizeOf(value.shape) }, (): Range[] => []);

const numbers = ({ value }: Heads, first: number, width: number): number[] =>
  Array.from(value.data.subarray(first, first + width));

/**
 * The gradients by torch's flash attention on processors: in float32 but for the weights and the
 * gradients of the scores, which are stored before a product of matrices takes them, and y, whose
 * exponentials are. Where keys are one block.
 */
export function flashSteps(
  steps: Steps,
  problem: Problem,
  { data: dy }: Value,
): Readonly<Record<'q' | 'k' | 'v', readonly Foreseen[]>> {
  const { stored, exactly, add, sub, mul, div, exp, sum } = steps;
  const { q, k, v, y, group } = problem;
  const scale = exactly(problem.scale);
  const dq = termsOf(q);
  const dk = termsOf(k);
  const dv = termsOf(v);
  const dot = (a: readonly number[], b: readonly number[]) =>
    sum(a.map((x, c) => mul(exactly(x), exactly(b[c] as number))));
  eachQuery(problem, (b, h, i) => {
    const shared = Math.floor(h / group);
    const firstQ = q.at(b, h, i);
    const firstY = y.at(b, h, i);
    const query = numbers(q, firstQ, q.width);
    const flow = Array.from(dy.subarray(firstY, firstY + v.width));
    const seen = Array.from({ length: problem.keys }, (_, key) => key).flatMap((key) => {
      const added = problem.added(b, h, i, key);
      if (added === undefined) return [];
      const atK = k.at(b, shared, key);
      const atV = v.at(b, shared, key);
      const score = mul(dot(query, numbers(k, atK, k.width)), scale);
      return [{ atK, atV, score: add(score, exactly(added)), values: numbers(v, atV, v.width) }];
    });
    const largest = seen.reduce((most, { score }) => Math.max(most, score.high), -Infinity);
    const exps = seen.map(({ score }) => exp(sub(score, exactly(largest))));
    const whole = sum(exps);
    const delta = sum(
      flow.map((d, c) => {
        const terms = seen.map(({ values }, j) =>
          mul(stored(exps[j] as Range), exactly(values[c] as number)),
        );
        return mul(exactly(d), stored(div(sum(terms), whole)));
      }),
    );
    seen.forEach(({ atK, atV, values }, j) => {
      const weight = div(exps[j] as Range, whole);
      const slope = stored(mul(weight, sub(dot(flow, values), delta)));
      const kept = stored(weight);
      flow.forEach((d, c) => {
        dv[atV + c]?.push(mul(kept, exactly(d)));
      });
      query.forEach((x, c) => {
        dq[firstQ + c]?.push(mul(slope, exactly(k.value.data[atK + c] as number)));
        dk[atK + c]?.push(mul(slope, exactly(x)));
      });
    });
  });
  const scaled = (terms: readonly Range[]) => stored(mul(sum(terms), scale));
  return {
    q: [dq.map(scaled)],
    k: [dk.map(scaled)],
    v: [dv.map((terms) => stored(sum(terms)))],
  };
}
