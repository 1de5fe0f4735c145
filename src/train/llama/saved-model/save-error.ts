import { GradproofError } from '../../../errors.ts';

/**
 * A tuned model that cannot be saved so: `save-overflow` of a weight that the type does not hold,
 * `save-bias` of an adapter's bias without one to merge it into, `save-quota` where there is no room,
 * `save-foreign` of another model than the one that was trained, `save-stopped` where it was ended.
 */
export class SaveError extends GradproofError {
  constructor(
    code: 'save-overflow' | 'save-bias' | 'save-quota' | 'save-foreign' | 'save-stopped',
    message: string,
  ) {
    super(code, message);
  }
}
