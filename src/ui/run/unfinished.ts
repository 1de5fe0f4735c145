import type { Unfinished } from '../../harness/events.ts';
import type { BundleFile } from '../../harness/parity.ts';

const KEY = 'gradproof.unfinished';

/** A run that a hang ended, and the recordings that it replays. */
interface Kept {
  readonly run: Unfinished;
  readonly bundles: readonly BundleFile[];
}

/** What stands in the tab's storage: of recordings all but the bytes, which are in a cache. */
interface Note {
  readonly run: Unfinished;
  readonly files: readonly Omit<BundleFile, 'bytes'>[];
}

/**
 * Keeps a run that a hang ended for this tab's next load; where the browser keeps nothing, there is
 * nothing to go on with then.
 */
export async function keepUnfinished({ run, bundles }: Kept): Promise<void> {
  try {
    const cache = await caches.open(KEY);
    await Promise.all(bundles.map(({ bytes }, i) => cache.put(placeOf(i), new Response(bytes))));
    const note: Note = { run, files: bundles.map(({ bytes: _, ...file }) => file) };
    sessionStorage.setItem(KEY, JSON.stringify(note));
  } catch {
    // Storage is full or forbidden.
  }
}

/** The run to go on with, once; undefined when there is none, or it is of another build. */
export async function takeUnfinished(planHash: string): Promise<Kept | undefined> {
  try {
    const text = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    const { run, files } = JSON.parse(text ?? '') as Note;
    const bundles = await Promise.all(
      files.map(async (file, i) => ({ ...file, bytes: await bytesAt(i) })),
    );
    await caches.delete(KEY);
    return run.planHash === planHash ? { run, bundles } : undefined;
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

function placeOf(recording: number): string {
  return new URL(`unfinished/${recording}`, document.baseURI).href;
}

/** The bytes of a recording. Throws when they are gone: another tab took them. */
async function bytesAt(recording: number): Promise<Uint8Array<ArrayBuffer>> {
  const found = await (await caches.open(KEY)).match(placeOf(recording));
  if (!found) throw new Error('the recording is gone');
  return new Uint8Array(await found.arrayBuffer());
}
