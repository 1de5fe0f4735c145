import { GradproofError } from '../../../errors.ts';

/**
 * A tuned model that cannot be saved so: `save-overflow` of a weight that the type does not hold,
 * `save-quota` where there is no room for it.
 */
export class SaveError extends GradproofError {
  constructor(code: 'save-overflow' | 'save-quota', message: string) {
    super(code, message);
  }
}
