import { GradproofError } from '../errors.ts';
import { seam } from '../seam.ts';

/** A backward pass that cannot give right gradients. */
export class AutogradError extends GradproofError {
  constructor(
    code: 'backward-root' | 'backward-output' | 'tape-freed' | 'backward-changed',
    message: string,
  ) {
    super(code, message);
  }
}

/** Throws {@link AutogradError}. A seam, so that a control can let through what is refused. */
export const refuseBackward = seam(
  'tape.refuse',
  (...reason: ConstructorParameters<typeof AutogradError>): void => {
    throw new AutogradError(...reason);
  },
);
