import { GradproofError } from '../errors.ts';

/** Tensors or parameters that an op's signature does not allow. The message says what is wrong. */
export class SignatureError extends GradproofError {
  constructor(message: string, options?: ErrorOptions) {
    super('signature', message, options);
  }
}
