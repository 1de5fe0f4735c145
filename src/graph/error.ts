import { GradproofError } from '../errors.ts';

/**
 * A graph that does not hold together, or values that do not fit it. The message names the layer,
 * the op and the tensor.
 */
export class GraphError extends GradproofError {
  constructor(message: string, options?: ErrorOptions) {
    super('graph', message, options);
  }
}
