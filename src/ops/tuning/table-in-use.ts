import type { Gpu } from '../../gpu/gpu.ts';
import type { TuningRow } from '../../gpu/tuning.ts';
import { CHECKED_IN } from './checked-in.ts';
import { distinctRows } from './told.ts';

/**
 * The whole table by which variants are chosen on a device: its own rows, then those that are checked
 * in and not among them.
 */
export function tableInUse({ tuned }: Pick<Gpu, 'tuned'>): readonly TuningRow[] {
  return distinctRows([...tuned, ...CHECKED_IN]);
}
