import { GradproofError } from '../errors.ts';

/** A backward pass that cannot give right gradients. */
export class AutogradError extends GradproofError {
  constructor(code: 'backward-root' | 'backward-twice' | 'backward-changed', message: string) {
    super(code, message);
  }
}
