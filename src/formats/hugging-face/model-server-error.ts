import { GradproofError } from '../../errors.ts';

/** A server that does not give a model: one line that says what it did, and what to do. */
export class ModelServerError extends GradproofError {
  constructor(message: string, options?: ErrorOptions) {
    super('model-server', message, options);
  }
}
