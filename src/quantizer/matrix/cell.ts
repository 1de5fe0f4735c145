import type { Accuracy } from '../../reference/judge.ts';
import type { Direction } from './directions.ts';

/**
 * What became of a cell: every call right by its record; one of ours wrong, or claimed and thrown;
 * one of another library outside the bound of the oracle; or not executed, for a reason.
 */
export const CELL_VERDICTS = ['pass', 'fail', 'producer-deviates', 'unavailable'] as const;
export type CellVerdict = (typeof CELL_VERDICTS)[number];

/** A method in one direction on one backend. */
export interface Cell {
  readonly method: string;
  readonly direction: Direction;
  /** Name of its column. */
  readonly backend: string;
  readonly verdict: CellVerdict;
  /** Why, where it is no pass: a code in kebab-case and one line. */
  readonly why?: { readonly code: string; readonly message: string };
  /** Elements that were compared. */
  readonly compared: number;
  /** Of the worst element: `boundUsed` is the share of its bound. */
  readonly accuracy?: Accuracy;
  /** Milliseconds. */
  readonly tookMs: number;
}

/** Where a cell stands. */
export type CellPlace = Pick<Cell, 'method' | 'direction' | 'backend'>;

/** A cell that was not executed, with its reason. */
export function unavailable(place: CellPlace, code: string, message: string): Cell {
  return {
    ...place,
    verdict: 'unavailable',
    why: { code, message },
    compared: 0,
    tookMs: 0,
  };
}
