import { GradproofError } from '../../errors.ts';

/**
 * A backend that is not there or cannot do what is asked: `backend-unknown` where nothing has the
 * name, `backend-unavailable` with the reason that was found, `backend-lacks` for what it does not do,
 * `model-too-large` beyond the recommended limit.
 */
export class BackendError extends GradproofError {
  constructor(
    code: 'backend-unknown' | 'backend-unavailable' | 'backend-lacks' | 'model-too-large',
    message: string,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }
}
