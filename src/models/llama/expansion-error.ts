import { GradproofError } from '../../errors.ts';

/** Blocks that cannot be added so to a model: `no-blocks-added`, `blocks-uneven`. */
export class ExpansionError extends GradproofError {
  constructor(code: 'no-blocks-added' | 'blocks-uneven', message: string) {
    super(code, message);
  }
}
