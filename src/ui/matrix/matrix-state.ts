import type { Cell } from '../../quantizer/matrix/cell.ts';
import type { Report } from '../../report/schema.ts';

/** A matrix as the page shows it, from before the click to the report. */
export interface MatrixState {
  readonly phase: 'idle' | 'starting' | 'running' | 'ended' | 'failed';
  readonly done: number;
  readonly total: number;
  /** What is executed just now. */
  readonly current?: string;
  /** All cells, once it has ended. */
  readonly cells: readonly Cell[];
  readonly report?: Report;
  /** Why nothing could be executed. */
  readonly problem?: string;
}

/** Before the first matrix. */
export const UNEXECUTED: MatrixState = { phase: 'idle', done: 0, total: 0, cells: [] };
