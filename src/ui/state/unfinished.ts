import type { Unfinished } from '../../harness/events.ts';

const KEY = 'gradproof.unfinished';

/** Keeps a run that a hang ended for this tab's next load; false where the browser keeps nothing. */
export function keepUnfinished(run: Unfinished): boolean {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(run));
    return true;
  } catch {
    return false;
  }
}

/** The run to go on with, once; undefined when there is none, or it is of another build. */
export function takeUnfinished(planHash: string): Unfinished | undefined {
  try {
    const text = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    const run = JSON.parse(text ?? 'null') as Unfinished | null;
    return run?.planHash === planHash ? run : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a run waits to be gone on with; light, since it is asked at every load. */
export function hasUnfinished(): boolean {
  try {
    return sessionStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}
