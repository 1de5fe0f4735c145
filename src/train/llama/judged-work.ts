import { type Architecture, linearsOf } from '../../formats/hugging-face/architecture.ts';
import { sizeOf } from '../../tensor/shape.ts';

/**
 * Multiply-adds of the forward pass of a step up to which its every op is judged: the float64 oracle
 * takes about a minute for as many, forward and backward. Above it none is.
 */
const MOST_JUDGED = 2 ** 31;

/** Multiply-adds of the products of `tokens` tokens, with the head, and of attention between them. */
function workOf(model: Architecture, rows: number, length: number): number {
  const { layers, hidden, vocabulary, heads, headDim } = model;
  const weights = Object.values(linearsOf(model)).reduce((sum, shape) => sum + sizeOf(shape), 0);
  const tokens = rows * length;
  return (
    tokens * (layers * weights + vocabulary * hidden) +
    2 * layers * rows * length * length * heads * headDim
  );
}

/** Why steps of this size are not judged; undefined where they are. */
export function whyUnjudged(model: Architecture, rows: number, length: number): string | undefined {
  const work = workOf(model, rows, length);
  if (work <= MOST_JUDGED) return undefined;
  return `a step has ${(work / 1e9).toFixed(1)} thousand million multiply-adds, and the float64 oracle judges up to ${(MOST_JUDGED / 1e9).toFixed(1)}`;
}
