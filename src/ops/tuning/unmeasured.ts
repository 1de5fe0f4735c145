import type { TuningRow } from '../../gpu/tuning.ts';

/**
 * Stands in the place of a variant in a row of what was to be measured and was not, for want of
 * time. No op has such a variant, so later rows decide.
 */
const UNMEASURED = 'unmeasured';

/** A row that says that operands like these are still to be measured. */
export function unmeasured(row: Omit<TuningRow, 'variant'>): TuningRow {
  return { variant: UNMEASURED, ...row };
}

/** Whether a row decides nothing, since what it is of is still to be measured. */
export function isUnmeasured({ variant }: TuningRow): boolean {
  return variant === UNMEASURED;
}
