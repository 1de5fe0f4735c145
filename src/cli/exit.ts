import { GradproofError, InvariantError } from '../errors.ts';
import { NoAdapterError } from '../gpu/device.ts';
import { UnusableError } from '../harness/runner.ts';
import type { Report } from '../report/schema.ts';
import { countVerdicts } from '../report/verdict.ts';

/** Exit statuses of the command line. */
export const EXIT = {
  /** Something passed and nothing failed. */
  ok: 0,
  /** Something failed, or nothing was proved. */
  failed: 1,
  /** Wrong use or unreadable input. */
  usage: 2,
  /** No usable adapter or browser. */
  unusable: 3,
  interrupted: 130,
} as const;

/** Wrong use: one line that says what, where, and what to do. */
export class UsageError extends GradproofError {
  constructor(message: string) {
    super('usage', message);
  }
}

/** Wrong use in several places: a line for each. */
export class UsageFaults extends UsageError {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('; '));
    this.lines = lines;
  }
}

/** Says that `what` is part of the design and not of this version. */
export function notYet(what: string): UsageError {
  return new UsageError(`${what} does not exist in this version yet`);
}

/** No browser or adapter can be had; the message says what was tried and how to get one. */
export class NoBrowserError extends GradproofError {
  constructor(message: string) {
    super('no-browser', message);
  }
}

/** Ctrl-C came before there was anything to run in, or to train. */
export class InterruptedError extends GradproofError {
  constructor(message = 'interrupted before the first case') {
    super('interrupted', message);
  }
}

/**
 * The status that a report deserves: a case that its named fault does not turn red proves nothing,
 * so it fails the run too.
 */
export function exitOfReport({ results }: Report, interrupted: boolean): number {
  if (interrupted) return EXIT.interrupted;
  const { right, wrong } = countVerdicts(results);
  return right > 0 && wrong === 0 ? EXIT.ok : EXIT.failed;
}

/** The status that an error deserves; undefined for a defect of ours. */
export function exitOfError(error: unknown): number | undefined {
  if (
    error instanceof UnusableError ||
    error instanceof NoAdapterError ||
    error instanceof NoBrowserError
  )
    return EXIT.unusable;
  if (error instanceof InterruptedError) return EXIT.interrupted;
  return error instanceof GradproofError && !(error instanceof InvariantError)
    ? EXIT.usage
    : undefined;
}
