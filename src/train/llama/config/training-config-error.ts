import { GradproofError } from '../../../errors.ts';

/** One fault of a configuration of a training. */
export interface TrainingConfigFault {
  /** Stable; of a field that is out of range `bad-` and its path. */
  readonly code: string;
  /** Where it stands, as `lora.r`. */
  readonly path: string;
  /** What is wrong. */
  readonly message: string;
  /** What should stand there. */
  readonly suggestion: string;
  /** Paths without which the fault is gone. Default its own. */
  readonly without?: readonly string[] | undefined;
}

/** A configuration that no training can have, with every fault; its message has a line for each. */
export class TrainingConfigError extends GradproofError {
  readonly faults: readonly TrainingConfigFault[];

  constructor(faults: readonly TrainingConfigFault[]) {
    super(
      'training-config',
      faults.map(({ message, suggestion }) => `${message}: ${suggestion}`).join('\n'),
    );
    this.faults = faults;
  }
}

/** The code of a value that a field cannot have. */
export const badValue = (path: string): string => `bad-${kebab(path)}`;

/** The code of what others have and this engine has not. */
export const unsupported = (path: string): string => `unsupported-${kebab(path)}`;

const kebab = (path: string): string => path.replace(/[^a-z0-9]+/gi, '-').toLowerCase();
