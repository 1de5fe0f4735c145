import { GradproofError } from '../../errors.ts';

/** One fault of a configuration. */
export interface ConfigFault {
  readonly code:
    | 'unknown-architecture'
    | 'missing'
    | 'bad-value'
    | 'does-not-fit'
    | 'not-supported';
  /** Where it stands, as `rope_scaling.factor`. */
  readonly path: string;
  /** What is wrong. */
  readonly message: string;
  /** What should stand there. */
  readonly suggestion: string;
}

/**
 * A config.json that describes no model that is known here. Its message is one line that tells every
 * fault with what to do.
 */
export class ConfigError extends GradproofError {
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    const told = faults.map(({ message, suggestion }) => `${message}: ${suggestion}`);
    super('model-config', told.join('; '));
    this.faults = faults;
  }
}
