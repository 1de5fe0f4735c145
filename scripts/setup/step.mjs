/** A step of the set-up that failed, with the one line that a person needs. */
export class SetupError extends Error {
  /**
   * @param {string} message what failed, why, what to do
   * @param {number} [status] exit status of the process
   */
  constructor(message, status = 2) {
    super(message);
    this.status = status;
  }
}

const interruption = new AbortController();
/** Aborts at Ctrl-C, and at a request to end: the step that runs ends then. */
export const interrupted = interruption.signal;
/** Milliseconds in which a program may take a signal over. */
let takeOverMs = 0;
for (const name of ['SIGINT', 'SIGTERM']) {
  // A program with something to save listens as well, and decides when to end.
  const endUnlessTaken = () => process.listenerCount(name) === 1 && process.exit(130);
  process.on(name, () => {
    if (interrupted.aborted) endUnlessTaken();
    interruption.abort();
    setTimeout(endUnlessTaken, takeOverMs).unref();
  });
  process.on('newListener', (added, listener) => {
    if (added === name && interrupted.aborted) setImmediate(listener);
  });
}

/** Says on stderr what the set-up does, so that stdout stays the program's. @param {string} text */
export function say(text) {
  process.stderr.write(`set-up: ${text}\n`);
}

/**
 * Runs a command's `main` and ends the process with its status; a SetupError is one line without a
 * stack. After a signal a program that `main` loads has `limitMs` to listen for it.
 * @param {() => Promise<void>} main
 * @param {number} [limitMs]
 */
export async function runMain(main, limitMs = 2_000) {
  takeOverMs = limitMs;
  try {
    await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`gradproof: ${error.message}\n`);
    process.exitCode = error.status;
  }
}
