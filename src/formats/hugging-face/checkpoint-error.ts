import { GradproofError } from '../../errors.ts';

/** One fault of a checkpoint: a line that names the file or the tensor, and what to do. */
export interface CheckpointFault {
  readonly code:
    | 'no-weights'
    | 'pickle-unsafe'
    | 'format-unknown'
    | 'bad-index'
    | 'bad-shard'
    | 'shard-missing'
    | 'tensor-missing'
    | 'tensor-unexpected'
    | 'tensor-repeated'
    | 'shape'
    | 'dtype'
    | 'quantized'
    | 'not-finite';
  readonly message: string;
}

/** Faults that the message tells; the others are counted. */
const MOST_TOLD = 4;

/** A folder whose weights are not those of its configuration. */
export class CheckpointError extends GradproofError {
  readonly faults: readonly CheckpointFault[];

  constructor(faults: readonly CheckpointFault[]) {
    const told = faults.slice(0, MOST_TOLD).map(({ message }) => message);
    const left = faults.length - told.length;
    super('bad-checkpoint', told.join('; ') + (left > 0 ? `; and ${left} more` : ''));
    this.faults = faults;
  }
}
