import { GradproofError } from '../../../errors.ts';

/**
 * Adapters that a model cannot have: `adapter-targets` where rules meet no linear or something else
 * than a linear of a block, `adapter-pattern` for an expression that is none here, `adapter-file` of
 * saved ones that do not fit.
 */
export class AdapterError extends GradproofError {
  constructor(code: 'adapter-targets' | 'adapter-pattern' | 'adapter-file', message: string) {
    super(code, message);
  }
}
