import type { StoredDType } from '../../formats/safetensors/stored.ts';
import type { Foreseen, Range } from '../../reference/foreseen.ts';
import { type Judgement, judge } from '../../reference/judge.ts';
import type { Acceptance } from '../../reference/record.ts';
import type { Storing } from '../../reference/stored.ts';
import { seam } from '../../seam.ts';
import { acceptanceOfRecorded, HALVES, type QuestionOfRecorded } from './recorded.ts';

/** A way in which a library may have computed a tensor, and how the tensor stands to it. */
export interface Way {
  readonly acceptance: Acceptance;
  /** 1 where the way itself says nothing. */
  readonly unjudged: Uint8Array;
  readonly judgement: Judgement;
}

/**
 * The way that is known by which the most elements of a recorded tensor in halves are right: in
 * float32 with one rounding, or by a formula whose every step is stored. Undefined where none is.
 */
export const closestOf = seam(
  'parity.closestOf',
  (
    { foreseen, inFloat32, actual, truth, unjudged, dependent }: QuestionOfRecorded,
    dtype: StoredDType,
    storing: Storing,
  ): Way | undefined => {
    const half = HALVES[dtype];
    const once = inFloat32 && { roundedOnce: true, storing };
    const formulas = half ? (foreseen?.(half) ?? []).map(acceptanceOf) : [];
    const way = (mask: Uint8Array) => (acceptance: Acceptance) => ({
      acceptance,
      unjudged: mask,
      judgement: judge(actual, truth, acceptance, mask),
    });
    const ways = [
      // What overflows, or is left open by any order, may follow from a formula.
      ...formulas.map(way(dependent ?? new Uint8Array(unjudged.length))),
      ...formulas.map(way(unjudged)),
      ...(once ? [acceptanceOfRecorded(inFloat32, dtype, truth, once)] : []).map(way(unjudged)),
    ];
    return ways.toSorted((a, b) => a.judgement.wrong - b.judgement.wrong)[0];
  },
);

/** Right is what lies where the formula has it. */
function acceptanceOf(foreseen: Foreseen): Acceptance {
  const nearest = (i: number, actual: number) => {
    const { low, high } = foreseen[i] as Range;
    return Math.min(Math.max(actual, low), high);
  };
  return { kind: 'within', bound: new Float64Array(foreseen.length), nearest };
}
