import { GradproofError } from '../../errors.ts';
import { quote } from '../format-error.ts';

/** A file of a model that has not the bytes that it should have, by its SHA-256. */
class HashError extends GradproofError {
  constructor(name: string, sum: string) {
    super(
      'hash',
      `${quote(name)} is not whole, or has changed: its SHA-256 is ${sum}, which is not the one that was told of it: delete the model and fetch it again`,
    );
  }
}

/** Throws {@link HashError} for a sum that is not the `told` one, where one was. */
export function requireSum(name: string, sum: string, told: string | undefined): void {
  if (told !== undefined && sum !== told) throw new HashError(name, sum);
}
