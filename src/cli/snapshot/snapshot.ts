import type { Status } from '../../report/schema.ts';

/** What a case, or the replay of a bundle, came to. */
export interface CaseSnapshot {
  readonly status: Status;
  /** Code of the finding, the error or the skip. */
  readonly code?: string;
  readonly kernels: readonly string[];
  /** SHA-256 of all that it read back; absent where its worker gave no answer. */
  readonly reads?: string;
}

/**
 * What the suite makes of a mutant: its report's code, as `killed`, `survived`, `invalid` or
 * `equivalent`.
 */
export interface MutantSnapshot {
  /** Path in shaders/ without extension. */
  readonly kernel: string;
  /** Operator, changed fragment, what became of it, and which occurrence of the fragment it is. */
  readonly change: string;
  readonly verdict: string;
}

/** All that a change of the code alone must leave as it is. */
export interface Snapshot {
  readonly schema: 'gradproof-snapshot/1';
  readonly commit: string;
  readonly takenAt: string;
  /** Runtime and adapter with their versions: between two of them bits may differ. */
  readonly runtime: string;
  readonly planHash: string;
  /** By `id backend`, as the following. */
  readonly cases: Readonly<Record<string, CaseSnapshot>>;
  readonly bundles: Readonly<Record<string, CaseSnapshot>>;
  readonly mutants?: readonly MutantSnapshot[];
}
