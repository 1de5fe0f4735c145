import { GradproofError } from '../../../errors.ts';

/** A tuned model that cannot be saved so: `save-overflow` of a weight that the type does not hold. */
export class SaveError extends GradproofError {
  constructor(code: 'save-overflow', message: string) {
    super(code, message);
  }
}
