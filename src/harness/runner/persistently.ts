import { UnusableError } from './unusable.ts';

/** After a crash of the GPU process the next adapter takes a moment. */
const DELAYS_MS = [250, 2000];

/** Starts a worker, again if somebody ended it or what all share was just crashed, unless it `isOver`. Throws what the last attempt threw. */
export async function persistently<T>(start: () => Promise<T>, isOver: () => boolean): Promise<T> {
  for (const delay of DELAYS_MS) {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof UnusableError) || isOver()) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, delay));
  }
  return start();
}
