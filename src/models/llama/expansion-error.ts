import { GradproofError } from '../../errors.ts';

/**
 * Blocks that cannot be added so to a model: `no-blocks-added`, `blocks-uneven`; `block-expansion-name`
 * of a name that says it of no such model.
 */
export class ExpansionError extends GradproofError {
  constructor(code: 'no-blocks-added' | 'blocks-uneven' | 'block-expansion-name', message: string) {
    super(code, message);
  }
}
