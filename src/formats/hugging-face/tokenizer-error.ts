import { GradproofError } from '../../errors.ts';

/** What can be wrong with the files of a tokenizer. */
export type TokenizerFault =
  | 'tokenizer-missing'
  | 'tokenizer-file'
  | 'tokenizer-value'
  | 'tokenizer-not-supported';

/** A folder whose tokenizer cannot be read here: one line that says why and what to do. */
export class TokenizerError extends GradproofError {
  declare readonly code: TokenizerFault;

  constructor(code: TokenizerFault, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
