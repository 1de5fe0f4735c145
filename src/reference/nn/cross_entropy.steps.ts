import type { Foreseen, Range, Steps } from '../foreseen.ts';
import { logSoftmaxStep, storedLogSoftmax } from './softmax.steps.ts';

/** Rows of classes with labels. */
export interface LabelledRows {
  readonly all: readonly number[];
  readonly classes: number;
  readonly smoothing: number;
  /** Along which axis of the logits the classes are. */
  readonly axis: 'last' | 'other';
  readonly at: (row: number, c: number) => number;
  readonly flat: (row: number, c: number) => number;
  /** Negative where the label is ignored. */
  readonly target: (row: number) => number;
  readonly weight: (c: number) => number;
}

/** Which of its two factors torch's nll_loss_backward divides by the sum of the weights. */
const ORDERS = ['gradient', 'product'] as const;

/**
 * torch's gradient of the logits, by each order: of nll_loss, where labels are smoothed beside that
 * of the sum over the classes, through log_softmax.
 */
export function foreseenLogits(
  steps: Steps,
  rows: LabelledRows,
  isMean: boolean,
  dloss: (row: number) => number,
): readonly Foreseen[] {
  const { stored, exactly, add, mul, div, neg, sum } = steps;
  const asked = rows.all.filter((row) => rows.target(row) >= 0);
  const weights = asked.map((row) => exactly(rows.weight(rows.target(row))));
  const whole = isMean ? stored(sum(weights)) : exactly(1);
  const keep = exactly(Math.fround(1 - rows.smoothing));
  const spread = exactly(Math.fround(rows.smoothing / rows.classes));
  return ORDERS.map((order) => {
    const found: Range[] = [];
    for (const row of rows.all) {
      const target = rows.target(row);
      const x = Array.from({ length: rows.classes }, (_, c) => rows.at(row, c));
      const g = exactly(dloss(row));
      const own = stored(mul(g, keep));
      const other = stored(div(stored(mul(g, spread)), whole));
      const weight = exactly(rows.weight(Math.max(target, 0)));
      const label =
        order === 'gradient'
          ? stored(mul(weight, stored(div(own, whole))))
          : stored(div(stored(mul(weight, own)), whole));
      const dy = x.map((_, c) => {
        const toLabel = c === target ? neg(label) : exactly(0);
        return stored(add(toLabel, neg(stored(mul(other, exactly(rows.weight(c)))))));
      });
      const y = storedLogSoftmax(steps, x, rows.axis);
      const gradient = target < 0 ? x.map(() => exactly(0)) : logSoftmaxStep(steps, y, dy);
      gradient.forEach((each, c) => {
        found[rows.flat(row, c)] = each;
      });
    }
    return found;
  });
}
