const TICK_MS = 500;
/**
 * A tick that comes later than this was held back: the tab was frozen or slowed down, or the
 * computer slept.
 */
const SLACK_MS = 1_000;

/**
 * Calls `done` after `ms` of time in which this page or process was awake; what is returned cancels
 * it.
 */
export function afterAwake(ms: number, done: () => void): () => void {
  let left = ms;
  let timer: ReturnType<typeof setTimeout>;
  const wait = () => {
    const started = performance.now();
    const delay = Math.min(left, TICK_MS);
    timer = setTimeout(() => {
      const elapsed = performance.now() - started;
      if (elapsed <= delay + SLACK_MS) left -= Math.max(elapsed, delay);
      if (left <= 0) done();
      else wait();
    }, delay);
  };
  wait();
  return () => clearTimeout(timer);
}
