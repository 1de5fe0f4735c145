/**
 * An error that a person can act on: a stable kebab-case code, one line that says what, where and
 * what to do, and the cause. Every error class of the project extends it.
 */
export class GradproofError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A broken assumption of our own code, never of the user's input. */
export class InvariantError extends GradproofError {
  constructor(message: string) {
    super('invariant', message);
  }
}

/** Throws {@link InvariantError} with the lazily built message when `condition` is false. */
export function invariant(condition: unknown, message: () => string): asserts condition {
  if (!condition) throw new InvariantError(message());
}

/** The text of whatever was thrown, never empty: some errors of browsers have a name alone. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
}

/** What `make` gives, or the error of this kind that it throws. */
export function orError<T, E extends Error>(
  kind: abstract new (...args: never[]) => E,
  make: () => T,
): T | E {
  try {
    return make();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
}
