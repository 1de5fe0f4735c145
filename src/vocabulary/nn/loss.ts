import * as v from 'valibot';
import type { Shape } from '../../tensor/shape.ts';
import { integer, type Known, type Range } from '../rules.ts';

/** The label of a row that asks nothing, where a loss is told no other: torch's `ignore_index`. */
export const IGNORED = -100;

/** Whether a label asks something. */
export const isAsked = (label: number): boolean => label !== IGNORED;

/** How losses become one, as torch names it. */
export const reduction = v.picklist(['none', 'mean', 'sum']);

/** How the losses of rows become one, as torch names it. */
export type Reduction = v.InferOutput<typeof reduction>;

/** Parameters of the losses by class. */
export const nll = v.strictObject({
  /** Rows with this label count for nothing; a 32-bit integer. */
  ignore_index: v.optional(integer, IGNORED),
  /** `mean` divides by the sum of the weights used. */
  reduction: v.optional(reduction, 'mean'),
});

type RowLoss = { readonly reduction: Reduction; readonly shift?: boolean };
type Loss = RowLoss & { readonly ignore_index: number };

/**
 * Classes are the second dimension, or the last where the labels are shifted by one along the
 * sequence.
 */
export const classesOf = (scores: Shape, shift: boolean): number =>
  scores.length === 1 ? 0 : shift ? scores.length - 1 : 1;
export const labelsOf =
  (name: string) =>
  ({ shape, params }: Known<RowLoss>): Shape => {
    const kept = shape(name).filter((_, d) => d !== classesOf(shape(name), params.shift ?? false));
    return kept.length === 0 ? [1] : kept;
  };
export const classWeights =
  (name: string) =>
  ({ shape, params }: Known<RowLoss>): Shape => [
    shape(name)[classesOf(shape(name), params.shift ?? false)] as number,
  ];
/** A class, or what is ignored. */
export const labelRange =
  (name: string) =>
  (known: Known<Loss>): Range => ({
    low: 0,
    high: (classWeights(name)(known)[0] as number) - 1,
    also: known.params.ignore_index,
  });
export const lossShape = ({ shape, params }: Known<Loss>): Shape =>
  params.reduction === 'none' ? shape('labels') : [1];
