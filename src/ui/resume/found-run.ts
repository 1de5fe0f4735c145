import { isNotFound } from '../controls/not-found.ts';
import { type LastCheckpoint, lastCheckpoint } from './last-checkpoint.ts';
import { type ForeignRun, type StoredRun, storedRun } from './run-storage.ts';

/** A run that is kept, with how far it is. */
export interface FoundRun extends StoredRun {
  readonly last: LastCheckpoint;
}

/**
 * Looks at one run that is kept, whatever other tabs do to it meanwhile. Undefined where it is gone,
 * or nothing of it can be lost: it has no checkpoint, and no record that may be of some.
 */
export async function foundRun(id: string): Promise<FoundRun | ForeignRun | undefined> {
  let bytes = 0;
  try {
    const stored = await storedRun(id);
    if (!stored || !('run' in stored)) return stored;
    bytes = stored.bytes;
    const last = await lastCheckpoint(stored.checkpoints);
    return last && { ...stored, last };
  } catch (error) {
    return isNotFound(error) ? undefined : { id, bytes, isDamaged: true };
  }
}
