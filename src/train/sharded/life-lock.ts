/** Absent in Node 20, whose ports close with the thread at their other end. */
const locks = (): LockManager | undefined => globalThis.navigator?.locks;

/** An origin without storage has no locks either: its ranks are given up after their limit. */
const ignored = () => {};

/**
 * Holds a lock until `signal` aborts or this worker ends, and calls `then` once it is held; does
 * nothing where there are no locks.
 */
export function holdLock(name: string, signal: AbortSignal, then: () => void): void {
  const held = () => {
    if (signal.aborted) return;
    then();
    return new Promise<void>((free) => {
      signal.addEventListener('abort', () => free(), { once: true });
    });
  };
  locks()?.request(name, held).catch(ignored);
}

/** Calls `then` when a lock that is held is free, unless `signal` aborts before. */
export function whenFree(name: string, signal: AbortSignal, then: () => void): void {
  locks()?.request(name, { signal }, then).catch(ignored);
}
