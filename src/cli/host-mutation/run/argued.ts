import type { HostMutant } from '../host-mutant.ts';

/** A mutant that no test can tell from the original, with the argument for it. */
export interface ArguedMutant {
  readonly file: string;
  /** Hash of the statement, by which an argument about other text does not count. */
  readonly statement: string;
  readonly operator: HostMutant['operator'];
  readonly n: number;
  /** What the change is called, for a reader. */
  readonly becomes: string;
  readonly class: 'unreachable-by-type' | 'same-bits' | 'speed-only';
  readonly why: string;
  /** Of the class `same-bits`, the test or case that proves it. */
  readonly proof?: string;
}

/**
 * Reviewed by people; at most 5 % of a draw. Each is run all the same, and reported when a test or
 * a case turns red.
 */
export const ARGUED: readonly ArguedMutant[] = [];

/** The argument for a mutant, if there is one. */
export function argumentFor(
  { file, statement, operator, n }: HostMutant,
  argued = ARGUED,
): ArguedMutant | undefined {
  return argued.find(
    (one) =>
      one.file === file && one.statement === statement && one.operator === operator && one.n === n,
  );
}
