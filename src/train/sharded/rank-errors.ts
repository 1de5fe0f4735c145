import { GradproofError } from '../../errors.ts';

/** A rank of a group ended, or did not answer in time. */
export class RankLostError extends GradproofError {
  readonly rank: number;
  /** What happened to it, in words. */
  readonly why: string;
  /** The code of what it threw; undefined where that has none, or its worker ended. */
  readonly thrown: string | undefined;

  constructor(rank: number, why: string, thrown?: string) {
    super(
      'rank-lost',
      `rank ${rank} was lost: ${why}: resume the run from its last checkpoint, or start it again`,
    );
    this.rank = rank;
    this.why = why;
    this.thrown = thrown;
  }
}

/** Two ranks of a group are not at the same call, or gave vectors of different lengths. */
export class RankMismatchError extends GradproofError {
  constructor(own: RankCall, other: RankCall) {
    super('rank-mismatch', `${wordsOf(own)}, ${wordsOf(other)}: all ranks must call alike`);
  }
}

/** A collective as one rank called it. */
export interface RankCall {
  readonly rank: number;
  readonly op: string;
  /** Numbers of the whole vector. */
  readonly length: number;
}

const wordsOf = ({ rank, op, length }: RankCall) => `rank ${rank} called ${op} of ${length}`;
