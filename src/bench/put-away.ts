/**
 * Disposes each of them, whatever the others throw, and returns the first error: on a device that is
 * lost nothing can be put away, and what was timed stands nevertheless.
 */
export async function putAway(things: readonly (AsyncDisposable | Disposable)[]): Promise<unknown> {
  let first: unknown;
  for (const thing of things) {
    try {
      if (Symbol.asyncDispose in thing) await thing[Symbol.asyncDispose]();
      else thing[Symbol.dispose]();
    } catch (error) {
      first ??= error;
    }
  }
  return first;
}
