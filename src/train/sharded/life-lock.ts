/** Absent in Node 20, whose ports close with the thread at their other end. */
const locks = (): LockManager | undefined => globalThis.navigator?.locks;

/**
 * Holds a lock until `signal` aborts or this worker ends, and calls `then` once it is held; does
 * nothing where there are no locks.
 */
export function holdLock(name: string, signal: AbortSignal, then: () => void): void {
  void locks()?.request(name, () => {
    then();
    return new Promise<void>((free) => {
      signal.addEventListener('abort', () => free(), { once: true });
    });
  });
}

/** Calls `then` when a lock that is held is free, unless `signal` aborts before. */
export function whenFree(name: string, signal: AbortSignal, then: () => void): void {
  locks()
    ?.request(name, { signal }, then)
    .catch(() => {});
}
