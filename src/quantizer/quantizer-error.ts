import { GradproofError } from '../errors.ts';

/**
 * A choice of how to quantize that cannot be carried out: `quant-method` of a method, its bits or its
 * groups, `quant-unsupported` of a method on a backend, `policy-unmatched` of a pattern that meets no
 * layer, `state-dict` of parts that do not fit, `name-taken` of a part with the name of another tensor,
 * `too-large` of a weight that no kernel of the adapter reaches as a whole.
 */
export class QuantizerError extends GradproofError {
  constructor(
    code:
      | 'quant-method'
      | 'quant-unsupported'
      | 'policy-unmatched'
      | 'state-dict'
      | 'name-taken'
      | 'too-large',
    message: string,
  ) {
    super(code, message);
  }
}
