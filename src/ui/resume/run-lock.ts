/** Web Locks: each run that is kept has one writer, in whatever tab. */
const nameOf = (id: string) => `gradproof-run-${id}`;

/** Lets a run go, and resolves when another tab can have it. */
export type Release = () => Promise<void>;

/**
 * Holds a run for this tab until it is released, or the tab is gone; undefined where another holds
 * it.
 */
export async function holdRun(id: string): Promise<Release | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Release | undefined>();
  const over = navigator.locks.request(nameOf(id), { ifAvailable: true }, (lock) => {
    if (!lock) return resolve(undefined);
    return new Promise<void>((end) => {
      resolve(async () => {
        end();
        await over;
      });
    });
  });
  over.catch(reject);
  return await promise;
}

/** Whether a tab holds a run. */
export async function heldRuns(): Promise<(id: string) => boolean> {
  const { held = [] } = await navigator.locks.query();
  const names = new Set(held.map(({ name }) => name));
  return (id) => names.has(nameOf(id));
}
