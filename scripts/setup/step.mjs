/** A step of the set-up that failed, with the one line that a person needs. */
export class SetupError extends Error {
  /** @param {string} message what failed, why, what to do @param {number} [status] exit status of the process */
  constructor(message, status = 2) {
    super(message);
    this.status = status;
  }
}

/** Says on stderr what the set-up does, so that stdout stays the program's. @param {string} text */
export function say(text) {
  process.stderr.write(`set-up: ${text}\n`);
}

/** Runs a command's `main` and ends the process with its status; a SetupError is one line without a stack. @param {() => Promise<void>} main */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`gradproof: ${error.message}\n`);
    process.exitCode = error.status;
  }
}
