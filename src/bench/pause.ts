/** Lets the realm hear what it was sent. Rejects where the work that is going on is to end. */
export type Pause = () => Promise<void>;

/** How long work may go on without hearing anything. */
const DEAF_MS = 50;

/** A pause where the last one is a while ago; it rejects with the reason of `signal`. */
export function pauseOf(signal: AbortSignal, now: () => number = () => performance.now()): Pause {
  let heard = now();
  return async () => {
    if (now() - heard >= DEAF_MS) {
      await new Promise((resolve) => setTimeout(resolve));
      heard = now();
    }
    signal.throwIfAborted();
  };
}
