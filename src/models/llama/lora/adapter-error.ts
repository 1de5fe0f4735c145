import { GradproofError } from '../../../errors.ts';

/**
 * Adapters that a model cannot have: `adapter-targets` where rules meet no linear or something else
 * than a linear of a block, `adapter-saved-modules` where what is trained beside them is no head,
 * embeddings or norm, `adapter-pattern` for an expression that is none here, `adapter-file` of saved
 * ones that do not fit.
 */
export class AdapterError extends GradproofError {
  /** What is wrong, without what to do. */
  readonly what: string;
  /** What to do; of a file it may be left out. */
  readonly suggestion: string;

  constructor(
    code: 'adapter-targets' | 'adapter-saved-modules' | 'adapter-pattern' | 'adapter-file',
    what: string,
    suggestion = '',
  ) {
    super(code, suggestion ? `${what}: ${suggestion}` : what);
    this.what = what;
    this.suggestion = suggestion;
  }
}
