import { GradproofError } from '../../errors.ts';

/** A server that does not give a model: one line that says what it did, and what to do. */
export class ModelServerError extends GradproofError {
  constructor(message: string, options?: ErrorOptions) {
    super('model-server', message, options);
  }
}

/** What may be otherwise when it is tried again: no connection, a server that is busy. */
export class TransientServerError extends ModelServerError {}
