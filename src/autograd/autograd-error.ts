import { GradproofError } from '../errors.ts';

/** A backward pass that cannot give right gradients. */
export class AutogradError extends GradproofError {
  constructor(code: 'backward-root' | 'tape-freed' | 'backward-changed', message: string) {
    super(code, message);
  }
}
