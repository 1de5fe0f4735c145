import * as v from 'valibot';
import { whole, within } from '../../../formats/hugging-face/fields.ts';
import type { RecoverySettings } from '../recovery/recovery-settings.ts';
import { type CheckedObject, checkedObject } from './checked-object.ts';

const MOST_IN_A_ROW = 1000;

/** What `recovery` may hold: when a run goes back to its last checkpoint, and how it goes on. */
const FIELDS = v.looseObject({
  nonfinite_steps: v.optional(whole(MOST_IN_A_ROW), 3),
  explosion_factor: v.optional(within(1, 1e6), 2),
  explosion_steps: v.optional(whole(MOST_IN_A_ROW), 3),
  rollback_rate: v.optional(within(1e-6, 1), 0.5),
  max_rollbacks: v.optional(
    v.custom<number>(
      (x) => Number.isInteger(x) && (x as number) >= 0 && (x as number) <= MOST_IN_A_ROW,
      `it must be a whole number from 0 to ${MOST_IN_A_ROW}: 0 never goes back`,
    ),
    3,
  ),
  hang_seconds: v.optional(within(1, 1e5), 300),
});

/** What is chosen of recovery. */
export type RecoveryFields = v.InferOutput<typeof FIELDS>;

export function recoveryFields(value: unknown): CheckedObject<RecoveryFields> {
  return checkedObject(FIELDS, value, 'recovery.', () => undefined);
}

/** The same by the names of the engine. */
export const recoveryOf = (fields: RecoveryFields): RecoverySettings => ({
  nonfiniteSteps: fields.nonfinite_steps,
  explosionFactor: fields.explosion_factor,
  explosionSteps: fields.explosion_steps,
  rollbackRate: fields.rollback_rate,
  maxRollbacks: fields.max_rollbacks,
  hangSeconds: fields.hang_seconds,
});
