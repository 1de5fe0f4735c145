import { GradproofError } from '../errors.ts';

/**
 * The code of the error that `call` throws, or `none`. Throws what is no error of the project's
 * own.
 */
export function codeOf(call: () => unknown): string {
  try {
    call();
    return 'none';
  } catch (error) {
    if (error instanceof GradproofError) return error.code;
    throw error;
  }
}
