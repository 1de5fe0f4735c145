import { GradproofError } from '../../errors.ts';

/** One fault of a data file. */
export interface RecordFault {
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
}

/** Faults that the message tells; the others are counted. */
const MOST_TOLD = 10;

/** The first faults of a file, and how many there are. */
export class FaultList {
  readonly first: RecordFault[] = [];
  count = 0;

  /** Adds a fault; of many only the first are kept. */
  add(line: number, message: string): void {
    if (this.count++ < MOST_TOLD) this.first.push({ line, message });
  }
}

/** A data file with records that cannot be read: one line that tells of each where it stands. */
export class DataFileError extends GradproofError {
  /** The first ten. */
  readonly faults: readonly RecordFault[];
  /** How many there are. */
  readonly count: number;

  constructor({ first, count }: FaultList, what: string) {
    const told = first.map(({ line, message }) => `line ${line}: ${message}`);
    const left = count - told.length;
    super('dataset-record', `${what}: ${told.join('; ')}${left > 0 ? `; and ${left} more` : ''}`);
    this.faults = first;
    this.count = count;
  }
}
