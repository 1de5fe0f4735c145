import { GradproofError } from '../../errors.ts';

/**
 * Blocks that cannot be added so to a model: `no-blocks-added`, `blocks-uneven`; `block-expansion-name`
 * of a name that says it of no such model.
 */
export class ExpansionError extends GradproofError {
  /** What is wrong, without what to do. */
  readonly what: string;
  readonly suggestion: string;

  constructor(
    code: 'no-blocks-added' | 'blocks-uneven' | 'block-expansion-name',
    what: string,
    suggestion: string,
  ) {
    super(code, `${what}: ${suggestion}`);
    this.what = what;
    this.suggestion = suggestion;
  }
}
