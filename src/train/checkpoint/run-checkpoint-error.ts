import { GradproofError } from '../../errors.ts';

/** What can be wrong with a checkpoint of a run. */
export type RunCheckpointFault =
  | 'checkpoint-unreadable'
  | 'checkpoint-empty'
  | 'checkpoint-magic'
  | 'checkpoint-header'
  | 'checkpoint-truncated'
  | 'checkpoint-missing'
  | 'checkpoint-hash'
  | 'checkpoint-renamed'
  | 'checkpoint-version'
  | 'checkpoint-foreign';

/** With these another checkpoint may be whole: the file is lost, was cut off, changed or renamed. */
const DAMAGE: ReadonlySet<RunCheckpointFault> = new Set<RunCheckpointFault>([
  'checkpoint-unreadable',
  'checkpoint-empty',
  'checkpoint-magic',
  'checkpoint-header',
  'checkpoint-truncated',
  'checkpoint-missing',
  'checkpoint-hash',
  'checkpoint-renamed',
]);

/** A checkpoint that a run cannot go on from. */
export class RunCheckpointError extends GradproofError {
  readonly fault: RunCheckpointFault;

  constructor(fault: RunCheckpointFault, message: string, options?: ErrorOptions) {
    super(fault, message, options);
    this.fault = fault;
  }

  /** Whether the file is no longer what was written, or cannot be read. */
  get isDamage(): boolean {
    return DAMAGE.has(this.fault);
  }
}
