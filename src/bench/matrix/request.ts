import type { Cell } from '../../quantizer/matrix/cell.ts';
import type { Environment } from '../../report/schema.ts';

/** Which cells other libraries are asked for. */
export interface ForeignRequest {
  readonly methods: readonly string[];
  readonly seed: number;
  /** Names of peers, of those that are installed. */
  readonly peers: readonly string[];
}

/** What became of them. */
export interface ForeignOutcome {
  readonly environment: Environment;
  readonly cells: readonly Cell[];
  /** Of each library that was asked, by the name of its column. */
  readonly versions: Readonly<Record<string, string>>;
}

export type ForeignListener = (cell: Cell) => void;
